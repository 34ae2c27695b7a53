import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { api, messageOf, type Added } from "../../api";
import { Dialog } from "../../components/Dialog";
import { jobName } from "../../components/JobChip";
import { Progress } from "../../components/Progress";
import { complain, say } from "../../components/Toast";
import { plural } from "../../format";
import { refresh, took, useProject } from "../../store";
import { droppedFiles } from "./dropped";

const SUFFIXES = ".png,.jpg,.jpeg,.tif,.tiff,.bmp";

/** Say what was added and, one by one, what was not and why. */
async function report(adding: Promise<Added>): Promise<void> {
  const { added, refused } = await adding;
  await refresh();
  if (added.length) say(`${plural(added.length, "image")} added.`);
  for (const { error } of refused) complain(new Error(error));
  if (!added.length && !refused.length)
    complain(new Error("No image was found there. Sorby reads PNG, JPEG, TIFF and BMP."));
}

async function upload(files: File[], etchedOf?: string): Promise<void> {
  if (files.length === 0) return;
  say(`Adding ${plural(files.length, "file")} …`);
  try {
    await report(api.upload(files, etchedOf));
  } catch (error) {
    complain(error);
  }
}

async function uploadDropped(transfer: DataTransfer): Promise<void> {
  try {
    const files = await droppedFiles(transfer);
    if (files.length === 0) throw new Error("No image was in what you dropped.");
    await upload(files);
  } catch (error) {
    complain(error);
  }
}

/** Buttons that add images: chosen files, or a folder of this computer. */
export function AddImages({ isFirst = false }: { isFirst?: boolean }) {
  const [asksFolder, setAsksFolder] = useState(false);
  return (
    <div class="row">
      <FileButton
        label={isFirst ? "Choose files" : "Add images"}
        isPrimary={isFirst}
        onFiles={upload}
        isMany
      />
      <button onClick={() => setAsksFolder(true)}>
        {isFirst ? "A folder of this computer" : "Add a folder"}
      </button>
      {asksFolder && <FolderDialog onClose={() => setAsksFolder(false)} />}
    </div>
  );
}

/** Adds the etched twin of one field. */
export function AddTwin({ field }: { field: string }) {
  return <FileButton label="Add etched twin" onFiles={(files) => upload(files, field)} />;
}

interface FileProps {
  label: string;
  onFiles: (files: File[]) => Promise<void>;
  isMany?: boolean;
  isPrimary?: boolean;
}

function FileButton({ label, onFiles, isMany = false, isPrimary = false }: FileProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button class={isPrimary ? "primary" : undefined} onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple={isMany}
        accept={SUFFIXES}
        aria-label={label}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          void onFiles(files);
        }}
      />
    </>
  );
}

function FolderDialog({ onClose }: { onClose: () => void }) {
  const { status } = useProject();
  const [path, setPath] = useState("");
  const [error, setError] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const add = async () => {
    setIsBusy(true);
    setError("");
    try {
      await report(api.addFolder(path.trim()));
      onClose();
    } catch (problem) {
      setError(messageOf(problem));
    }
    setIsBusy(false);
  };
  return (
    <Dialog title="Add a folder of this computer" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <label class="stack">
          Folder
          <input
            autoFocus
            value={path}
            placeholder={status.root}
            aria-describedby="folder-hint"
            aria-invalid={error !== ""}
            onInput={(event) => setPath(event.currentTarget.value)}
          />
        </label>
        <p id="folder-hint" class="muted">
          A full path, or one that starts in {status.root}. The images stay where they are; twins
          are paired by their names.
        </p>
        {error && (
          <p class="bad" role="alert">
            {error}
          </p>
        )}
        <div class="row dialog-end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button class="primary" disabled={isBusy || path.trim() === ""}>
            {isBusy ? "Adding …" : "Add the folder"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Everything inside takes dropped files. */
export function DropZone({ children }: { children: ComponentChildren }) {
  const [isOver, setIsOver] = useState(false);
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  return (
    <div
      class={isOver ? "drop-zone over" : "drop-zone"}
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setIsOver(false);
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setIsOver(false);
        if (event.dataTransfer) void uploadDropped(event.dataTransfer);
      }}
    >
      {children}
      {isOver && <div class="drop-words">Drop to add</div>}
    </div>
  );
}

export function SampleButton() {
  const { jobs } = useProject();
  const job = jobs.findLast((one) => one.kind === "sample");
  if (job?.state === "running" || job?.state === "waiting") {
    return (
      <div class="sample-progress stack" role="status">
        <span>{job.step || `${jobName(job.kind)} …`}</span>
        <Progress done={job.done} total={job.total} label={jobName(job.kind)} />
      </div>
    );
  }
  const start = async () => {
    try {
      took({ type: "job", job: await api.sample() });
    } catch (error) {
      complain(error);
    }
  };
  return (
    <div class="stack">
      <button onClick={() => void start()}>Make the sample project</button>
      {job?.error && <p class="bad">{job.error}</p>}
    </div>
  );
}
