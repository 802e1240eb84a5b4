// Reads TAP: counts named tests, which are every subtest that holds assertions, and finds what failed and why. Pure.

export interface TestCount {
  readonly passed: number;
  readonly failed: number;
}

/**
 * A line `ok 3 - name # time=…` closes a subtest (assertions carry no time). Files close too, one level further out,
 * and are left out: they would count their tests twice.
 */
export function countTests(tap: string): TestCount {
  const closed = [...tap.matchAll(/^ {4}(?<verdict>ok|not ok) [0-9]+ - .* # time=[0-9.]+m?s/gm)];
  const failedFiles = [...tap.matchAll(/^not ok [0-9]+ - /gm)].length;
  const failed = closed.filter((match) => match.groups?.['verdict'] === 'not ok').length;
  // A file that failed outside of its tests (a syntax error, a timeout) has no failed test to count.
  return { passed: closed.length - failed, failed: Math.max(failed, failedFiles) };
}

const MAX_DETAIL_LINES = 30;

/** What failed: the file, then each failed assertion with what was said of it. For logs, where no reporter shows it. */
export function describeFailures(tap: string): readonly string[] {
  const described: string[] = [];
  const lines = tap.split('\n');
  let file = '';
  for (const [index, line] of lines.entries()) {
    file = /^# Subtest: (.*)$/.exec(line)?.[1] ?? file;
    if (!/^ {8,}not ok /.test(line)) continue;
    const details = lines.slice(index, index + MAX_DETAIL_LINES);
    const end = details.findIndex((detail) => detail.trim() === '...');
    described.push([file, ...details.slice(0, end === -1 ? MAX_DETAIL_LINES : end)].join('\n'));
  }
  return described;
}
