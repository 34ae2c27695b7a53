// The server's answers and how they are asked for. The shapes mirror src/sorby/web.

export type FieldState =
  "new" | "predicted" | "in review" | "done" | "locked for test" | "conflict";

export type Box = [rowMin: number, columnMin: number, rowMax: number, columnMax: number];

export interface ScaleBar {
  box: Box;
  um: number | null;
  um_per_px: number | null;
  confirmed: boolean;
}

/** What is known of a field and may be changed by a person. */
export interface Conditions {
  um_per_px: number | null;
  specimen: string | null;
  laser_power_w: number | null;
  scan_speed_mm_s: number | null;
  hatch_um: number | null;
  layer_um: number | null;
  beam_um: number | null;
  preheat_c: number | null;
  alloy: string | null;
  section_plane: string | null;
  build_direction_deg: number | null;
  objective_na: number | null;
}

export interface Field extends Conditions {
  name: string;
  shape: [rows: number, columns: number];
  scale_source: string | null;
  split: string;
  has_etched: boolean;
  state: FieldState;
  n_defects: number | null;
  n_to_check: number | null;
  mask_version: number | null;
  mask_source: string | null;
  picked_round: number | null;
  scale_bar: ScaleBar | null;
}

export interface Model {
  number: number;
  time: string;
  name: string;
  classes: string[];
  preset: string;
  n_trained_on: number;
  n_validated_on: number;
  started_from: number | null;
  validation_macro_f1: number | null;
  seconds: number | null;
  /** False where its file is gone or was changed. */
  is_whole: boolean;
}

export interface CurvePoint {
  step: number;
  loss: number | null;
  validation_macro_f1?: number | null;
}

/** `interrupted`: the server ended before the job did. */
export type JobState = "waiting" | "running" | "done" | "failed" | "stopped" | "interrupted";

export interface Job {
  id: string | number;
  kind: string;
  options: Record<string, unknown>;
  state: JobState;
  done: number;
  total: number | null;
  step: string | null;
  seconds: number;
  seconds_left: number | null;
  curve: CurvePoint[];
  answer: Record<string, unknown> | null;
  error: string | null;
}

export interface Status {
  n_fields: number;
  n_masks: number;
  n_masks_by_person: number;
  picks_waiting: string[];
  not_learnt: string[];
  measured: Freshness;
  classified: Freshness;
  /** What is new, and whether to label on; numbers and reasons are in `sorby status` too. */
  labelling: { line: string; audit: string[]; round_due: { answer: boolean | null } };
  root: string;
}

export type Freshness = "yes" | "no" | "out of date";

export interface Project {
  name: string;
  synthetic: boolean;
  classes: string[];
  status: Status;
  fields: Field[];
  models: Model[];
  current_model: number | null;
  jobs: Job[];
  author: string | null;
}

export interface EmbeddingPoint {
  name: string;
  x: number;
  y: number;
  cluster: number;
  role: "pick" | "labelled" | "test" | "pool";
  reason: string | null;
  score: number | null;
  round: number | null;
}

export interface Embedding {
  points: EmbeddingPoint[];
  strategies: { name: string; summary: string }[];
  stale: boolean;
}

export interface Scores {
  f1: number | null;
  precision: number | null;
  recall: number | null;
  n_found: number;
  n_false: number;
}

export type Change = "gained" | "lost" | "false_new" | "false_gone";

export interface Comparison {
  images: { name: string; n_defects: number; was_learnt: boolean; old: Scores; new: Scores }[];
  gained: number;
  lost: number;
  changed: { image: string; box: Box; change: Change; area_px: number; area_um2: number | null }[];
  n_changed: number;
  macro_f1: { old: number | null; new: number | null };
}

/** Mean over images, and standard deviation; null for one image. */
export interface Spread {
  mean: number | null;
  sd: number | null;
}

export interface TestScores {
  macro_f1: Spread;
  defect_f1: Spread;
  precision: Spread;
  recall: Spread;
}

/** Where the locked test stands. */
export interface Evaluation {
  tests: string[];
  without_mask: string[];
  scores:
    | (TestScores & {
        model: number;
        n: number;
        classes: Record<string, Spread>;
        baselines: Record<string, TestScores>;
        images: {
          image: string;
          macro_f1: number | null;
          precision: number | null;
          recall: number | null;
        }[];
        is_current: boolean;
      })
    | null;
}

/** A row of a table: its columns are named in docs/reference/tables.md. */
export type Row = Record<string, string | number | boolean | null>;

export interface Results {
  defects: Row[];
  fields: Row[];
  conditions: Row[];
  measured: Freshness;
  classified: Freshness;
  process_map_svg: string | null;
  can_report: boolean;
}

export interface Effort {
  rounds: Row[];
  images: Row[];
}

export interface Added {
  added: string[];
  refused: { file: string; error: string }[];
}

/** What the server refused, in the server's words. `status` is 0 where no server answered. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
  ) {
    super(message);
  }
}

export const AWAY =
  "The server does not answer. Look at the window in which `sorby app` runs; " +
  "this page goes on by itself when it is back.";

async function failure(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { error, code } = JSON.parse(text) as { error?: string; code?: string };
    if (error) return new ApiError(error, response.status, code ?? "");
  } catch {
    // Not Sorby's own answer: say what came instead.
  }
  return new ApiError(
    `The server answered ${response.status} ${response.statusText}. Reload the page; ` +
      "if it stays, look at the window in which `sorby app` runs.",
    response.status,
    "",
  );
}

/** Ask the server. Every request carries the header that no foreign page can send. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("X-Sorby", "1");
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(AWAY, 0, "away");
  }
  if (!response.ok) throw await failure(response);
  return response;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal ? { signal } : {});
  return (await response.json()) as T;
}

export async function send<T>(
  method: "POST" | "PATCH" | "PUT" | "DELETE",
  path: string,
  body: unknown = {},
): Promise<T> {
  const response = await request(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

/** Address of something of a field, its name made safe. */
export function fieldUrl(name: string, rest = ""): string {
  return `/api/fields/${encodeURIComponent(name)}${rest}`;
}

export const api = {
  project: () => get<Project>("/api/project"),
  patchField: (name: string, values: Partial<Conditions>) =>
    send<Field>("PATCH", fieldUrl(name), values),
  confirmScale: (name: string, um?: number) =>
    send<Field>("POST", fieldUrl(name, "/confirm_scale"), um === undefined ? {} : { um }),
  sample: () => send<Job>("POST", "/api/sample"),
  upload: async (files: File[], etchedOf?: string): Promise<Added> => {
    const form = new FormData();
    for (const file of files) form.append("files", file, file.name);
    const query = etchedOf === undefined ? "" : `?etched_of=${encodeURIComponent(etchedOf)}`;
    const response = await request(`/api/images${query}`, { method: "POST", body: form });
    return (await response.json()) as Added;
  },
  addFolder: (path: string) => send<Added>("POST", "/api/images/folder", { path }),
  jobs: () => get<Job[]>("/api/jobs"),
  startJob: (kind: string, options: Record<string, unknown> = {}) =>
    send<Job>("POST", "/api/jobs", { kind, options }),
  stopJob: (id: Job["id"]) => send<Job>("POST", `/api/jobs/${id}/stop`),
  resumeJob: (id: Job["id"]) => send<Job>("POST", `/api/jobs/${id}/resume`),
  embedding: () => get<Embedding>("/api/embedding"),
  pick: (images: string[]) => send<unknown>("POST", "/api/picks", { images }),
  compare: (fresh: number, old: number) =>
    get<{ comparison: Comparison | null }>(`/api/models/compare?new=${fresh}&old=${old}`),
  evaluation: () => get<Evaluation>("/api/evaluation"),
  useModel: (number: number) => send<unknown>("POST", `/api/models/${number}/use`),
  results: () => get<Results>("/api/results"),
  effort: () => get<Effort>("/api/effort"),
};

export function thumbUrl(name: string, kind: "polished" | "etched" = "polished"): string {
  return fieldUrl(name, `/thumb.webp?kind=${kind}`);
}

/** Words for a person, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
