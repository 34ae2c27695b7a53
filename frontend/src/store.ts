import { useEffect, useState } from "preact/hooks";
import { api, ApiError, messageOf, type Job, type Project } from "./api";
import { listen, type ImageEvent, type ServerEvent } from "./events";

export interface State {
  project: Project | null;
  /** Why there is no project, in words. */
  error: string | null;
  online: boolean;
}

let state: State = { project: null, error: null, online: true };
const watchers = new Set<(state: State) => void>();

function set(change: Partial<State>): void {
  state = { ...state, ...change };
  for (const watcher of watchers) watcher(state);
}

/** The state after an event of the server. */
export function after(project: Project, event: ServerEvent): Project {
  if (event.type === "job") {
    return { ...project, jobs: putJob(project.jobs, event.job) };
  }
  if (event.type === "field") {
    const fields = project.fields.map((old) => (old.name === event.field.name ? event.field : old));
    return { ...project, fields };
  }
  return project;
}

function putJob(jobs: Job[], job: Job): Job[] {
  const isKnown = jobs.some((old) => old.id === job.id);
  return isKnown ? jobs.map((old) => (old.id === job.id ? job : old)) : [...jobs, job];
}

/** Take in what the server answered to a request of this page, before its event arrives. */
export function took(event: ServerEvent): void {
  if (state.project) set({ project: after(state.project, event) });
}

let asking: Promise<void> | null = null;
let isAskedAgain = false;

/** Fetch the project. Asked while it is being fetched, it is fetched once more and no oftener. */
export function refresh(): Promise<void> {
  isAskedAgain = asking !== null;
  asking ??= fetchProject();
  return asking;
}

async function fetchProject(): Promise<void> {
  do {
    isAskedAgain = false;
    try {
      set({ project: await api.project(), error: null, online: true });
    } catch (error) {
      if (error instanceof ApiError && error.status === 0) set({ online: false });
      else set({ error: messageOf(error), online: true });
    }
  } while (isAskedAgain);
  asking = null;
}

/** Whether more than this one thing changed: what the project's status counts. */
export function changesStatus(project: Project | null, event: ServerEvent): boolean {
  if (event.type === "project") return true;
  if (event.type === "draft" || event.type === "preparing") return false;
  if (event.type === "job") return event.job.state !== "running" && event.job.state !== "waiting";
  const old = project?.fields.find((field) => field.name === event.field.name);
  return !old || old.state !== event.field.state || old.mask_version !== event.field.mask_version;
}

const imageWatchers = new Set<(event: ImageEvent) => void>();

/** Be told of gestures that are kept, those of this tab too, and of images that are made ready. */
export function watchImages(watcher: (event: ImageEvent) => void): () => void {
  imageWatchers.add(watcher);
  return () => void imageWatchers.delete(watcher);
}

function onEvent(event: ServerEvent): void {
  if (event.type === "draft" || event.type === "preparing") {
    for (const watcher of [...imageWatchers]) watcher(event);
    return;
  }
  const isFar = changesStatus(state.project, event);
  took(event);
  if (isFar) void refresh();
}

/** Load the project and follow the server. Called once, by the shell. */
export function start(): () => void {
  void refresh();
  // A line that opens or breaks says only that something was missed: the answer to a request tells
  // a server that is away from one that refuses this browser.
  return listen(onEvent, () => void refresh());
}

export function useStore(): State {
  const [now, setNow] = useState(state);
  useEffect(() => {
    setNow(state);
    watchers.add(setNow);
    return () => void watchers.delete(setNow);
  }, []);
  return now;
}

/** The project; only for what the shell shows once it is there. */
export function useProject(): Project {
  const { project } = useStore();
  if (!project) throw new Error("useProject is for pages that are shown once the project is there");
  return project;
}
