// Counts named tests in TAP: every subtest that holds assertions, not each assertion. Pure.

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
