// The command line: which command, which options, which exit code (0 good, 1 faults found, 2 usage).
// The commands are in files of their own.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const USAGE = `Usage: portico [command] [options]

Commands:
  serve           run the gateway (the default)
  check           print the configuration in effect, or everything that is wrong with it
  demo            run a real Synapse with two users, and the gateway in front of it

Options:
  --config FILE   the configuration (default: config/portico.yaml, if there is one)
  --synapse URL   demo: use this Synapse instead of installing one
  --help          print this
  --version       print the version
`;

const OPTIONS = {
  config: { type: 'string' },
  synapse: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

interface Arguments {
  readonly command: string;
  readonly config: string | undefined;
  readonly synapse: string | undefined;
}

/** @returns the exit code */
export async function run(argv: readonly string[]): Promise<number> {
  const parsed = readArguments(argv);
  if (typeof parsed === 'number') return parsed;
  const options = { file: parsed.config, environment: process.env };
  // Each command is loaded alone: the gateway starts without the demo's code, `check` without the gateway's.
  switch (parsed.command) {
    case 'serve': {
      const { serve } = await import('./serve.ts');
      return serve(options);
    }
    case 'check': {
      const { check } = await import('./check.ts');
      return check({ ...options, out: write(process.stdout), err: write(process.stderr) });
    }
    case 'demo': {
      const { demo } = await import('./demo/command.ts');
      return demo({ ...options, synapseUrl: parsed.synapse });
    }
    default:
      return usage(`there is no command ${JSON.stringify(parsed.command)}`);
  }
}

function readArguments(argv: readonly string[]): Arguments | number {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (values.version === true) {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  if (positionals.length > 1) return usage(`one command at a time, not ${positionals.join(' ')}`);
  const command = positionals[0] ?? 'serve';
  if (values.synapse !== undefined && command !== 'demo')
    return usage('--synapse belongs to the command demo');
  return { command, config: values.config, synapse: values.synapse };
}

function usage(problem: string): number {
  process.stderr.write(`portico: ${problem}\n\n${USAGE}`);
  return 2;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '';
}

function write(stream: NodeJS.WriteStream): (text: string) => void {
  return (text) => stream.write(text);
}
