import type { ToolName } from "./tools";

// Drawn on 20 x 20, in the text's colour.
const PATHS: Record<ToolName | "undo" | "redo" | "help" | "fit" | "next", string> = {
  verify: "M5 3 L15.5 10.5 L10.6 11.2 L13 16.4 L10.9 17.3 L8.6 12.1 L5 15.4 Z",
  brush: "M16.5 3.5 C13 5 10 8 8.6 10.6 L10.4 12.4 C13 11 15.6 7.4 16.5 3.5 Z M8 11.4 C5.8 11.6 6.2 14.6 3.5 15.6 C5.6 17.2 9.6 16.4 9.6 13.2",
  eraser: "M11.5 4 L16.5 9 L9.5 16 H6.5 L3.5 13 Z M7.5 8 L12.5 13 M9.5 16 H16.5",
  wand: "M3.5 16.5 L11.5 8.5 M13.5 2.5 V5.5 M12 4 H15 M16.5 8.5 V11.5 M15 10 H18 M8 3 V5 M7 4 H9",
  click: "M10 10 m-2.2 0 a2.2 2.2 0 1 0 4.4 0 a2.2 2.2 0 1 0 -4.4 0 M10 2.5 V5.5 M10 14.5 V17.5 M2.5 10 H5.5 M14.5 10 H17.5",
  lasso: "M6 13.5 C1.8 11 3 4 10 4 C17 4 18.4 10.4 13.6 12.6 C10.8 13.9 8 13.6 6 13.5 C4.4 13.4 4 16 6 15.8 C7.6 15.6 7.2 13.9 6 13.5 C5.6 15 5.2 16.4 3.8 17.4",
  split: "M10 2.5 V17.5 M7.5 6 C3.6 6.2 3.6 13.8 7.5 14 Z M12.5 6 C16.4 6.2 16.4 13.8 12.5 14 Z",
  merge: "M7 10 m-4 0 a4 4 0 1 1 8 0 a4 4 0 1 1 -8 0 M13 10 m-4 0 a4 4 0 1 1 8 0 a4 4 0 1 1 -8 0",
  fill: "M10 10 m-6.5 0 a6.5 6.5 0 1 0 13 0 a6.5 6.5 0 1 0 -13 0 M10 7 V13 M7 10 H13",
  ignore: "M3.5 4.5 H16.5 V15.5 H3.5 Z M3.5 11 L10 4.5 M5 15.5 L16 4.5 M11 15.5 L16.5 10",
  pan: "M10 2.5 V17.5 M2.5 10 H17.5 M7.8 4.7 L10 2.5 L12.2 4.7 M7.8 15.3 L10 17.5 L12.2 15.3 M4.7 7.8 L2.5 10 L4.7 12.2 M15.3 7.8 L17.5 10 L15.3 12.2",
  undo: "M7 4 L3.5 7.5 L7 11 M3.5 7.5 H12 A4.3 4.3 0 0 1 12 16 H8",
  redo: "M13 4 L16.5 7.5 L13 11 M16.5 7.5 H8 A4.3 4.3 0 0 0 8 16 H12",
  help: "M7 7.6 C7 3.6 13 3.6 13 7.4 C13 9.9 10 9.8 10 12.4 M10 15 V16",
  fit: "M3.5 7.5 V3.5 H7.5 M12.5 3.5 H16.5 V7.5 M16.5 12.5 V16.5 H12.5 M7.5 16.5 H3.5 V12.5",
  next: "M4 10 H15 M10.5 5.5 L15 10 L10.5 14.5",
};

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round" />
    </svg>
  );
}

const HATCHES: Record<number, string> = {
  2: "M-2 8 L8 -2 M2 12 L12 2",
  3: "M2.5 2.5 h1 M6.5 2.5 h1 M2.5 6.5 h1 M6.5 6.5 h1",
  4: "M2 -2 L12 8 M-2 2 L8 12",
  5: "M0 3 H10 M0 7 H10",
  6: "M3 0 V10 M7 0 V10",
};

/** A class's colour and hatch, as on the image. */
export function Swatch({ value }: { value: number }) {
  return (
    <svg class={`swatch class-${value}`} viewBox="0 0 10 10" aria-hidden="true">
      <rect x="0.75" y="0.75" width="8.5" height="8.5" fill="currentColor" fill-opacity="0.35" stroke="currentColor" stroke-width="1.5" />
      {HATCHES[value] && <path d={HATCHES[value]} stroke="currentColor" stroke-width="1.2" fill="none" />}
    </svg>
  );
}
