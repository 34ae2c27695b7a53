import { expect, test, vi } from "vitest";
import { ApiError } from "../../src/api";
import type { Answer, Operation } from "../../src/correct/api";
import { Effort } from "../../src/correct/effort";
import { Journal, sendLeft, type JournalStatus } from "../../src/correct/journal";
import type { Shelf } from "../../src/correct/shelf";

const ANSWER = {} as Answer;

function operation(uuid: string): Operation {
  return { uuid, kind: "accept", seconds: 1, n_actions: 1, mode: "correct", base: 1, gesture: { defects: [1] } };
}

function memory(kept: Operation[] = []): Shelf & { kept: Operation[] } {
  return {
    kept,
    async put(_place, one) {
      kept.push(one);
    },
    async drop(uuid) {
      const place = kept.findIndex((one) => one.uuid === uuid);
      if (place >= 0) kept.splice(place, 1);
    },
    async all() {
      return [...kept];
    },
    async places() {
      return kept.length > 0 ? ["p/f"] : [];
    },
  };
}

function desk(send: (one: Operation) => Promise<Answer>, shelf = memory()) {
  const said: JournalStatus[] = [];
  const done: string[] = [];
  const refused: string[] = [];
  const onReadOnly = vi.fn();
  const journal = new Journal("p/f", shelf, {
    send,
    onAnswer: (one) => void done.push(one.uuid),
    onRefused: (one) => void refused.push(one.uuid),
    onReadOnly,
    onStatus: (status) => void said.push(status),
  });
  return { journal, shelf, said, done, refused, onReadOnly };
}

test("gestures are sent in order, one in flight, and forgotten when acknowledged", async () => {
  let inFlight = 0;
  const { journal, shelf, done } = desk(async () => {
    expect(++inFlight).toBe(1);
    await Promise.resolve();
    inFlight--;
    return ANSWER;
  });
  for (const uuid of ["a", "b", "c"]) journal.push(operation(uuid));
  await vi.waitFor(() => expect(done).toEqual(["a", "b", "c"]));
  await vi.waitFor(() => expect(shelf.kept).toEqual([]));
});

test("while the server is away they wait, and go on in order when it is back", async () => {
  let isAway = true;
  const sent: string[] = [];
  const { journal, said, done, shelf } = desk(async (one) => {
    if (isAway) throw new ApiError("away", 0, "away");
    sent.push(one.uuid);
    return ANSWER;
  });
  for (const uuid of ["a", "b", "c"]) journal.push(operation(uuid));
  await vi.waitFor(() => expect(said.at(-1)?.trouble).toBe("away"));
  expect(said.at(-1)?.waiting).toBe(3);
  expect(shelf.kept.map((one) => one.uuid)).toEqual(["a", "b", "c"]);
  isAway = false;
  journal.poke();
  await vi.waitFor(() => expect(done).toEqual(["a", "b", "c"]));
  expect(sent).toEqual(["a", "b", "c"]);
  expect(said.at(-1)).toMatchObject({ waiting: 0, trouble: null });
});

test("a page that is loaded again sends what the one before could not, before its own", async () => {
  const sent: string[] = [];
  const { journal } = desk(
    async (one) => {
      sent.push(one.uuid);
      return ANSWER;
    },
    memory([operation("left")]),
  );
  expect((await journal.restore()).map((one) => one.uuid)).toEqual(["left"]);
  journal.push(operation("own"));
  expect(sent).toEqual([]);
  journal.start();
  await vi.waitFor(() => expect(sent).toEqual(["left", "own"]));
});

test("a refused gesture is told and does not hold up the others", async () => {
  const { journal, refused, done } = desk(async (one) => {
    if (one.uuid === "bad") throw new ApiError("no such defect", 422, "");
    return ANSWER;
  });
  journal.push(operation("bad"));
  journal.push(operation("good"));
  await vi.waitFor(() => expect(done).toEqual(["good"]));
  expect(refused).toEqual(["bad"]);
});

test("a second tab keeps its gesture and waits", async () => {
  const { journal, onReadOnly, shelf } = desk(async () => {
    throw new ApiError("another tab", 409, "read_only");
  });
  journal.push(operation("a"));
  await vi.waitFor(() => expect(onReadOnly).toHaveBeenCalledOnce());
  expect(shelf.kept).toHaveLength(1);
});

test("pauses are cut to 20 s, and actions counted until a gesture takes them", () => {
  const effort = new Effort();
  effort.act(0);
  effort.note(3000);
  effort.act(103_000);
  expect(effort.take(104_000)).toEqual({ seconds: 24, n_actions: 2 });
  expect(effort.take(104_000)).toEqual({ seconds: 0, n_actions: 0 });
  expect(effort.activeSeconds).toBe(24);
});

test("what was left of another image of the project is sent too, of another project not", async () => {
  const sent: string[] = [];
  const places: Record<string, Operation[]> = { "p/f": [operation("own")], "p/g": [operation("left")], "q/g": [operation("foreign")] };
  const shelf: Shelf = { ...memory(), all: async (place) => places[place] ?? [], places: async () => Object.keys(places) };
  const send = async (field: string, one: Operation) => {
    sent.push(`${field}:${one.uuid}`);
    return ANSWER;
  };
  await sendLeft("p", "f", shelf, send, () => {});
  await vi.waitFor(() => expect(sent).toEqual(["g:left"]));
});

test("an undo takes back the last gesture that is live", () => {
  const { journal } = desk(() => new Promise<Answer>(() => {}));
  const push = (uuid: string, kind: Operation["kind"]) => journal.push({ ...operation(uuid), kind, gesture: {} });
  expect(journal.lastLive()).toBeNull();
  push("a", "brush");
  push("b", "accept");
  expect(journal.lastLive()).toBe("b");
  push("u", "undo");
  expect(journal.lastLive()).toBe("a");
  push("r", "redo");
  expect(journal.lastLive()).toBe("b");
});
