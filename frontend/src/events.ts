import type { Box, Field, Job } from "./api";

/** A gesture was kept: where it changed pixels, in which draft. */
export interface DraftEvent {
  type: "draft";
  field: string;
  mode: string;
  box: Box | null;
}

/** An image that nobody has opened yet is being made ready: how much is done. */
export interface PreparingEvent {
  type: "preparing";
  field: string;
  done: number;
  total: number;
}

/** Of one image only: nothing that the project as a whole is told by. */
export type ImageEvent = DraftEvent | PreparingEvent;

export type ServerEvent =
  { type: "job"; job: Job } | { type: "field"; field: Field } | { type: "project" } | ImageEvent;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/** Time to wait before the next attempt, doubled each time. */
export function waitBefore(attempt: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS);
}

/**
 * Listen to the server for ever, and connect again when it was away.
 *
 * EventSource gives up for good on some failures (a refused connection through a proxy), so each
 * failure closes it and opens a new one. `onLine` is called when the line opens and when it breaks.
 */
export function listen(onEvent: (event: ServerEvent) => void, onLine: () => void): () => void {
  let attempt = 0;
  let source: EventSource | undefined;
  let timer: number | undefined;

  const connect = () => {
    source = new EventSource("/api/events");
    source.onopen = () => {
      attempt = 0;
      onLine();
    };
    source.onmessage = (message: MessageEvent<string>) =>
      onEvent(JSON.parse(message.data) as ServerEvent);
    source.onerror = () => {
      source?.close();
      onLine();
      timer = window.setTimeout(connect, waitBefore(attempt++));
    };
  };

  connect();
  return () => {
    source?.close();
    window.clearTimeout(timer);
  };
}
