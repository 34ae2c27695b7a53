import { actionOf, type Action } from "./actions";
import type { Editor } from "./editor";
import { press } from "./focus";
import { Icon } from "./icons";
import { keyWords, type Bindings } from "./keys";
import { usePart } from "./store";
import type { ToolName } from "./tools";

const GROUPS: readonly (readonly ToolName[])[] = [
  ["verify"],
  ["brush", "eraser", "wand", "click", "lasso"],
  ["split", "merge", "fill"],
  ["ignore", "pan"],
];

export function tooltip(action: Action, bound: Bindings): string {
  const keys = (bound.get(action.name) ?? []).map(keyWords);
  return keys.length > 0 ? `${action.title}  [${keys.join(" or ")}]` : action.title;
}

export function Toolbar({ editor, bound }: { editor: Editor; bound: Bindings }) {
  const tool = usePart(editor.store, (state) => state.tool);
  return (
    <div class="correct-tools" role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {GROUPS.map((names) => (
        <div class="correct-tool-group" key={names[0]}>
          {names.map((name) => {
            const action = actionOf(`tool.${name}`);
            return (
              <button
                key={name}
                class="correct-tool"
                aria-pressed={tool === name}
                aria-label={action.title}
                title={tooltip(action, bound)}
                onClick={press(editor, action)}
              >
                <Icon name={name} />
                <kbd aria-hidden="true">{keyWords(bound.get(action.name)?.[0] ?? "")}</kbd>
              </button>
            );
          })}
        </div>
      ))}
      <div class="room" />
      {(["fit", "help"] as const).map((name) => (
        <button
          key={name}
          class="correct-tool"
          aria-label={actionOf(name).title}
          title={tooltip(actionOf(name), bound)}
          onClick={press(editor, actionOf(name))}
        >
          <Icon name={name} />
        </button>
      ))}
    </div>
  );
}
