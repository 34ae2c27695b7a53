import type { Box } from "../api";
import type { Layer } from "./api";
import { heatTileUrl } from "./api";
import { ByteTiles } from "./bytes";
import { word, type Heat, type Rgb } from "./overlay";
import type { Shape } from "./view";

export const LAYERS: readonly Layer[] = ["none", "confidence", "difference", "uncertainty"];

export const LAYER_WORDS: Record<Layer, string> = {
  none: "Mask only",
  confidence: "Confidence",
  difference: "Difference",
  uncertainty: "Uncertainty",
};

/** Dark violet to light yellow, even for the colour-blind. */
export const RAMP: readonly Rgb[] = [
  [66, 10, 104],
  [147, 38, 103],
  [221, 81, 58],
  [252, 165, 10],
  [252, 255, 164],
];

const NO_INKS = new Uint32Array(256);

/** Value where the server has nothing to say: no sample, no prediction. */
const NOTHING = 255;
const MOST = 254;

/** Values of the layer "difference". */
const ONLY_NEW = 1;
const ONLY_OLD = 2;

export const NEW_COLOUR: Rgb = [240, 228, 66];
export const OLD_COLOUR: Rgb = [86, 180, 233];

/** Inks of a layer: the more, the more opaque. A difference has two colours, one for each side. */
export function heatInks(layer: Layer): Uint32Array {
  const inks = new Uint32Array(256);
  if (layer === "difference") {
    inks[ONLY_NEW] = word(NEW_COLOUR, 0.75);
    inks[ONLY_OLD] = word(OLD_COLOUR, 0.75);
    return inks;
  }
  for (let value = 1; value < NOTHING; value++) {
    inks[value] = word(onRamp(value / MOST), 0.75 * Math.sqrt(value / MOST) * Math.min(1, value / (0.3 * MOST)));
  }
  return inks;
}

function onRamp(share: number): Rgb {
  const place = share * (RAMP.length - 1);
  const i = Math.min(RAMP.length - 2, Math.floor(place));
  const [a, b] = [RAMP[i] as Rgb, RAMP[i + 1] as Rgb];
  const mix = (k: 0 | 1 | 2) => Math.round(a[k] + (place - i) * (b[k] - a[k]));
  return [mix(0), mix(1), mix(2)];
}

/** The layers of one field, made when they are first looked at. */
export class Heats {
  private readonly made = new Map<Layer, Heat>();
  private probability: ByteTiles | null = null;

  constructor(
    private readonly field: string,
    private readonly shape: Shape,
    private readonly onLoad: () => void,
    private readonly onFail: (layer: Layer | "probability", error: Error) => void,
  ) {}

  get(layer: Layer): Heat | null {
    if (layer === "none") return null;
    const known = this.made.get(layer);
    if (known) return known;
    const heat = { tiles: this.tilesOf(layer), inks: heatInks(layer) };
    this.made.set(layer, heat);
    return heat;
  }

  /** Outline of where the probability of any defect reaches a threshold, outside of boxes that stay. */
  cut(threshold: number, kept: readonly Box[]): Heat {
    this.probability ??= this.tilesOf("probability");
    return { tiles: this.probability, inks: NO_INKS, cut: { least: Math.ceil(threshold * MOST - 1e-9), kept } };
  }

  private tilesOf(layer: Layer | "probability"): ByteTiles {
    return new ByteTiles(
      this.shape,
      `heat/${layer}/${this.field}`,
      (level, row, column) => heatTileUrl(this.field, layer, level, row, column),
      this.onLoad,
      (error) => this.onFail(layer, error),
    );
  }
}
