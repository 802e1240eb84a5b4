// Waiting for what another process's timing decides. No test of a duration: the limit only ends a hopeless wait.

/** Resolves once `condition` holds. @throws after `limitMs` */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 5_000): Promise<void> {
  const startedMs = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedMs > limitMs)
      throw new Error(`not so within ${limitMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
