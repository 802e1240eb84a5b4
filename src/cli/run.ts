// The command line: which command, which options, which exit code (0 good, 1 faults found, 2 usage).
// The commands are in files of their own.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import type { LoadOptions } from '../config/load.ts';

const USAGE = `Usage: portico [command] [options]

Commands:
  serve           run the gateway (the default)
  check           print the configuration in effect, or everything that is wrong with it
  explain METHOD URL
                  print what would happen to a request; sends nothing
  demo            run a real Synapse with two users, and the gateway in front of it

Options:
  --config FILE   the configuration (default: config/portico.yaml, if there is one)
  -H LINE         explain: a header line, 'name: value'; may be repeated
  --from ADDRESS  explain: where the request comes from (default: 127.0.0.1)
  --synapse URL   demo: use this Synapse instead of installing one
  --help          print this
  --version       print the version
`;

const OPTIONS = {
  config: { type: 'string' },
  synapse: { type: 'string' },
  header: { type: 'string', short: 'H', multiple: true },
  from: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

interface Arguments {
  readonly command: string;
  /** What follows the command. */
  readonly operands: readonly string[];
  readonly config: string | undefined;
  readonly synapse: string | undefined;
  readonly headers: readonly string[];
  readonly from: string | undefined;
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
    case 'explain':
      return explainCommand(parsed, options);
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
  const [command = 'serve', ...operands] = positionals;
  if (operands.length > 0 && command !== 'explain') {
    return usage(`one command at a time, not ${positionals.join(' ')}`);
  }
  if (values.synapse !== undefined && command !== 'demo')
    return usage('--synapse belongs to the command demo');
  if ((values.header !== undefined || values.from !== undefined) && command !== 'explain') {
    return usage('-H and --from belong to the command explain');
  }
  return {
    command,
    operands,
    config: values.config,
    synapse: values.synapse,
    headers: values.header ?? [],
    from: values.from,
  };
}

async function explainCommand(parsed: Arguments, options: LoadOptions): Promise<number> {
  const [method, url, ...others] = parsed.operands;
  if (method === undefined || url === undefined || others.length > 0) {
    return usage('explain takes a method and a URL, such as: explain GET /_matrix/client/versions');
  }
  const { explain } = await import('./explain.ts');
  return explain({
    ...options,
    method: method.toUpperCase(),
    url,
    headers: parsed.headers,
    from: parsed.from ?? '127.0.0.1',
    out: write(process.stdout),
    err: write(process.stderr),
  });
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
