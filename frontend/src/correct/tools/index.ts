import type { Editor } from "../editor";
import { brush } from "./brush";
import { lasso } from "./lasso";
import { click, fillHoles, merge, wand } from "./point";
import { split } from "./split";
import type { MakeTool, Tool } from "./tool";
import { pan, verify } from "./verify";

export const TOOLS = {
  verify,
  brush: (editor: Editor) => brush(editor),
  eraser: (editor: Editor) => brush(editor, true),
  wand,
  click,
  lasso: (editor: Editor) => lasso(editor),
  split,
  merge,
  fill: fillHoles,
  ignore: (editor: Editor) => lasso(editor, true),
  pan,
} satisfies Record<string, MakeTool>;

export type ToolName = keyof typeof TOOLS;

export function makeTools(editor: Editor): Record<ToolName, Tool> {
  const made = Object.entries(TOOLS).map(([name, make]) => [name, make(editor)]);
  return Object.fromEntries(made) as Record<ToolName, Tool>;
}
