// How what runs in browsers is built: `--mode call` and `--mode operator` make a page below dist/web/, `--mode library`
// makes dist/client/portico.js and `--mode recording`, after it, portico-recording.js beside it. One build each: the pages
// are served on listeners that share no file, and nothing is shared with the file that records but types.

import { defineConfig, type Plugin, type UserConfig } from 'vite';

import { OWN_MEMBERS } from './own-members.ts';

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

/** The library fetches it by this name, from where it came itself. */
const recordingBeside: Plugin = {
  name: 'recording-beside',
  enforce: 'pre',
  resolveId: (id) =>
    id.endsWith('/recording/entry.ts') ? { id: './portico-recording.js', external: true } : null,
};

interface FileOfLibrary {
  readonly input: string;
  readonly fileName: string;
  readonly isFirst: boolean;
  readonly plugins: Plugin[];
  /** Members with short names. */
  readonly ownMembers: readonly string[];
}

function library({ input, fileName, isFirst, plugins, ownMembers }: FileOfLibrary): UserConfig {
  return {
    root: folder('../client/'),
    publicDir: false,
    plugins,
    build: {
      target: BROWSERS,
      outDir: folder('../dist/client/'),
      emptyOutDir: isFirst,
      // Without a comment in the file: the server names its map in a header.
      sourcemap: 'hidden',
      lib: { entry: folder(`../client/${input}`), formats: ['es'], fileName: () => fileName },
      rolldownOptions: {
        output: {
          codeSplitting: false,
          comments: false,
          topLevelVar: false,
          minify: {
            compress: { target: BROWSERS },
            mangle: { toplevel: true },
            codegen: { removeWhitespace: true },
            ...(ownMembers.length > 0
              ? { mangleProps: { include: new RegExp(`^(?:${ownMembers.join('|')})$`) } }
              : {}),
          },
        },
      },
    },
  };
}

const TARGETS: Readonly<Record<string, UserConfig>> = {
  call: page('call'),
  operator: page('operator'),
  library: library({
    input: 'index.ts',
    fileName: 'portico.js',
    isFirst: true,
    plugins: [recordingBeside],
    ownMembers: OWN_MEMBERS,
  }),
  recording: library({
    input: 'recording/entry.ts',
    fileName: 'portico-recording.js',
    isFirst: false,
    plugins: [],
    ownMembers: [],
  }),
};

export default defineConfig(({ mode }) => {
  const target = TARGETS[mode];
  if (target === undefined) throw new Error(`--mode ${mode} is none of ${Object.keys(TARGETS).join(', ')}`);
  return target;
});

function folder(path: string): string {
  return decodeURIComponent(new URL(path, import.meta.url).pathname);
}
