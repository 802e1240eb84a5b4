// A chart of uPlot: as wide as its place, in the colours of the page, light or dark. What it says is also there in words
// and numbers, because a picture says nothing to a screen reader.

import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import uPlot from 'uplot';

export interface Colours {
  readonly text: string;
  readonly grid: string;
  readonly first: string;
  readonly second: string;
}

export type ChartOptions = Omit<uPlot.Options, 'width' | 'height'>;

const HEIGHT = 180;

export function Chart({
  label,
  optionsOf,
  data,
  children,
}: {
  /** What the chart shows, in a sentence. */
  readonly label: string;
  /** The same function each time: another one draws the chart anew. */
  readonly optionsOf: (colours: Colours) => ChartOptions;
  readonly data: uPlot.AlignedData;
  /** The numbers, as a table. */
  readonly children: ComponentChildren;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = (): void => {
      plot.current?.destroy();
      const options = { ...optionsOf(coloursOf(element)), width: element.clientWidth, height: HEIGHT };
      plot.current = new uPlot(options, latest.current, element);
    };
    draw();
    const resized = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', draw);
      plot.current?.destroy();
    };
  }, [optionsOf]);

  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <>
      <div ref={place} class="chart" role="img" aria-label={label} />
      <details>
        <summary>Numbers</summary>
        {children}
      </details>
    </>
  );
}

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return { text: of('--soft'), grid: of('--line'), first: of('--accent'), second: of('--second') };
}

/** What the axes of all charts have in common. */
export function axis({ text, grid }: Colours): Pick<uPlot.Axis, 'stroke' | 'grid' | 'ticks' | 'font'> {
  const lines = { stroke: grid, width: 1 };
  return { stroke: text, grid: lines, ticks: lines, font: '12px system-ui, sans-serif' };
}
