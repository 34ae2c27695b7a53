import { useEffect, useRef, useState } from "preact/hooks";
import type { Job, Project } from "./api";
import { Boundary } from "./components/Boundary";
import { Empty, Loading } from "./components/Empty";
import { isUnderWay, JobChip, jobName } from "./components/JobChip";
import { JobList } from "./components/JobList";
import { complain, Toasts } from "./components/Toast";
import { Correct } from "./correct";
import icon from "./icon.svg";
import { Choose } from "./pages/choose/Choose";
import { Images } from "./pages/images/Images";
import { Results } from "./pages/results/Results";
import { Train } from "./pages/train/Train";
import { nextToCorrect } from "./project";
import { boxOf, hrefOf, useRoute, type PageName, type Route } from "./router";
import { refresh, start, useStore } from "./store";
import { useTheme } from "./theme";

const TABS: readonly [PageName, string][] = [
  ["images", "Images"],
  ["choose", "Choose"],
  ["correct", "Correct"],
  ["train", "Train"],
  ["results", "Results"],
];

export function Shell() {
  const route = useRoute();
  const { project, error, online } = useStore();
  const main = useRef<HTMLElement>(null);
  useEffect(start, []);
  useEffect(() => {
    document.title = `${TABS.find(([page]) => page === route.page)?.[1]} · ${project?.name ?? "Sorby"}`;
  }, [route.page, project?.name]);
  return (
    <>
      <a
        class="button skip-link"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the page
      </a>
      <TopBar route={route} project={project} />
      {!online && (
        <div class="away-bar" role="alert">
          The server is away. Corrections are kept in this browser and sent when it is back. Start
          it again with <b>sorby app</b> in the project's folder if you closed it.
        </div>
      )}
      {error && (
        <div class="failed-bar row" role="alert">
          <span>{error}</span>
          <button onClick={() => void refresh()}>Try again</button>
        </div>
      )}
      <main
        ref={main}
        id="main"
        tabIndex={-1}
        class={route.page === "correct" ? "full" : undefined}
      >
        {project ? (
          <Boundary key={route.page}>
            <Page route={route} project={project} />
          </Boundary>
        ) : (
          !error && online && <Loading what="the project" />
        )}
      </main>
      <Toasts />
    </>
  );
}

function Page({ route, project }: { route: Route; project: Project }) {
  switch (route.page) {
    case "images":
      return <Images />;
    case "choose":
      return <Choose />;
    case "train":
      return <Train />;
    case "results":
      return <Results part={route.item} query={route.query} />;
    case "correct":
      return <CorrectPage route={route} project={project} />;
  }
}

function CorrectPage({ route, project }: { route: Route; project: Project }) {
  const wanted = route.item ?? nextToCorrect(project.fields)?.name;
  const isKnown = project.fields.some((field) => field.name === wanted);
  if (wanted === undefined) {
    return (
      <Empty isPage title="There is nothing to correct yet">
        <p>Add micrographs first. Their masks are there at once, without any training.</p>
        <a class="button primary" href={hrefOf("images")}>
          Add images
        </a>
      </Empty>
    );
  }
  if (!isKnown) {
    return (
      <Empty isPage title={`This project has no image “${wanted}”`}>
        <p>It may have been renamed, or the address was typed by hand.</p>
        <a class="button primary" href={hrefOf("images")}>
          Show the images
        </a>
      </Empty>
    );
  }
  return <Correct key={wanted} field={wanted} box={boxOf(route.query)} />;
}

function TopBar({ route, project }: { route: Route; project: Project | null }) {
  const [theme, toggle] = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  const waiting =
    project?.fields.filter((f) => f.picked_round !== null && f.state !== "done").length ?? 0;
  return (
    <header class="top-bar">
      <div class="brand">
        <img src={icon} alt="" />
        <span title={project?.name}>{project?.name ?? "Sorby"}</span>
        {project?.synthetic && <span class="badge">synthetic</span>}
      </div>
      <nav class="pages" aria-label="Pages">
        {TABS.map(([page, title]) => (
          <a key={page} href={hrefOf(page)} aria-current={route.page === page ? "page" : undefined}>
            {title}
            {page === "correct" && waiting > 0 && (
              <span class="count" title={`${waiting} picked images are not done`}>
                {waiting}
              </span>
            )}
          </a>
        ))}
      </nav>
      <div class="room" />
      <RunningJob jobs={project?.jobs ?? []} />
      <JobList jobs={project?.jobs ?? []} />
      <div>
        <button
          class="quiet icon"
          aria-label={`Use ${other} surroundings`}
          title={`Use ${other} surroundings`}
          onClick={toggle}
        >
          <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
            <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.5" />
            <path d="M8 2 A6 6 0 0 1 8 14 Z" fill="currentColor" />
          </svg>
        </button>
      </div>
    </header>
  );
}

const ENDED_SHOWN_MS = 8000;

/** What the server is doing, on every page; a job that ended stays a little while. */
function RunningJob({ jobs }: { jobs: Job[] }) {
  const running = jobs.filter(isUnderWay);
  const job = running.find((one) => one.kind === "train") ?? running[running.length - 1];
  const [ended, setEnded] = useState<Job | null>(null);
  const last = useRef<Job["id"] | null>(null);
  if (job) last.current = job.id;
  useEffect(() => {
    const finished = jobs.find((one) => one.id === last.current && one.state !== "running");
    if (!finished || job) return;
    last.current = null;
    setEnded(finished);
    if (finished.state === "failed") {
      complain(new Error(`${jobName(finished.kind)} failed. ${finished.error ?? ""}`));
    }
  }, [jobs, job]);
  useEffect(() => {
    if (!ended) return;
    const timer = window.setTimeout(() => setEnded(null), ENDED_SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [ended]);
  const shown = job ?? ended;
  return (
    // Its end is read out, its every step is not.
    <div class="job-chip" role={job ? undefined : "status"}>
      {shown && <JobChip job={shown} />}
    </div>
  );
}
