import { Component, type ComponentChildren } from "preact";
import { messageOf } from "../api";
import { Empty } from "./Empty";

interface Props {
  children: ComponentChildren;
}

/** A page that fails takes neither the others nor the unsent corrections with it. */
export class Boundary extends Component<Props, { error: unknown }> {
  override state = { error: null as unknown };

  override componentDidCatch(error: unknown): void {
    this.setState({ error });
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Empty isPage title="This page failed">
        <p>
          {messageOf(error)}. Your corrections are safe. Reload the page; if it fails again, tell
          the developers what you did last.
        </p>
        <button class="primary" onClick={() => location.reload()}>
          Reload
        </button>
      </Empty>
    );
  }
}
