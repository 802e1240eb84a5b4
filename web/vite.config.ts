// How what runs in browsers is built: `--mode call` and `--mode operator` make a page below dist/web/, `--mode library`
// makes dist/client/portico.js. One build each, because the pages are served on listeners that share no file.

import { defineConfig, type UserConfig } from 'vite';

const BROWSERS = 'es2022';

function page(name: 'call' | 'operator'): UserConfig {
  return {
    root: folder(`./${name}/`),
    // Wherever the page is mounted, its files are beside it.
    base: './',
    publicDir: false,
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      target: BROWSERS,
      outDir: folder(`../dist/web/${name}/`),
      emptyOutDir: true,
      // The pages' policy allows no script and no style but from files.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  };
}

const library: UserConfig = {
  root: folder('../client/'),
  publicDir: false,
  build: {
    target: BROWSERS,
    outDir: folder('../dist/client/'),
    emptyOutDir: true,
    sourcemap: true,
    rolldownOptions: {
      input: folder('../client/index.ts'),
      preserveEntrySignatures: 'strict',
      output: { format: 'es', entryFileNames: 'portico.js', codeSplitting: false },
    },
  },
};

const TARGETS: Readonly<Record<string, UserConfig>> = {
  call: page('call'),
  operator: page('operator'),
  library,
};

export default defineConfig(({ mode }) => {
  const target = TARGETS[mode];
  if (target === undefined) throw new Error(`--mode ${mode} is none of ${Object.keys(TARGETS).join(', ')}`);
  return target;
});

function folder(path: string): string {
  return decodeURIComponent(new URL(path, import.meta.url).pathname);
}
