// In which order all have their turns. Pure.

/**
 * Who is measured directly behind another one may be slower for it: that one's runtime may still tidy its memory up, on
 * the same core. So everybody follows everybody else equally often: the Latin squares of E. J. Williams (1949), "Experimental
 * designs balanced for the estimation of residual effects of treatments". Over `count` turns each comes once at every
 * place, and once (of an odd count, over twice as many turns, twice) behind each other one.
 * @returns every index below `count`, once
 */
export function turnOrder(count: number, turn: number): readonly number[] {
  // 0, count - 1, 1, count - 2, 2 …: no two neighbours are as far from each other as two others are.
  const zigzag = Array.from({ length: count }, (_, place) =>
    place % 2 === 0 ? place / 2 : count - (place + 1) / 2,
  );
  const order = zigzag.map((index) => (index + turn) % count);
  const isMirrored = count % 2 === 1 && Math.floor(turn / count) % 2 === 1;
  return isMirrored ? order.toReversed() : order;
}
