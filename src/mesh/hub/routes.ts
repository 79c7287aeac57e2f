import { LocalSubscription } from "../local-subscription.js";
import { findSubjectProblem, SubjectIndex } from "../subject.js";
import { EventLink, unexpected } from "./event-link.js";
import { type QueueGroup, QueueGroups, type QueueMember } from "./queue-group.js";

/** Subjects of which it is kept in mind who listens: more than a mesh of sketches has, and a few hundred kilobytes. */
const MOST_ROUTES = 1_024;

/** Somebody who listens, here or at the other end of a link, alone or in the name of a queue. */
export type Listener = LocalSubscription | EventLink | QueueMember;

/** Who listens to a subject. The same object for as long as they do. */
export interface Route {
  readonly here: readonly LocalSubscription[];
  readonly links: readonly EventLink[];
  /** Of these links those of one node of this process, where that was asked for. */
  readonly linksOf: Map<string, readonly EventLink[]>;
  /** Those who listen in the name of queues: `NO_GROUPS` where nobody does. */
  readonly groups: readonly QueueGroup[];
}

/** The links of a route at whose end here a node is. The same object for as long as the route is. */
export function linksOf({ links, linksOf }: Route, node: string): readonly EventLink[] {
  let own = linksOf.get(node);
  if (own === undefined) {
    own = links.filter(({ peer }) => peer.own === node);
    linksOf.set(node, own);
  }
  return own;
}

/** Who listens to what, here and at the other ends of links. */
export class Routes {
  readonly #index = new SubjectIndex<Listener>();
  readonly #routes = new Map<string, Route>();
  readonly #groups = new QueueGroups();
  #lastSubject = "";
  #lastRoute: Route | undefined;

  add(pattern: string, listener: Listener): void {
    this.#index.add(pattern, listener);
    this.#forget();
  }

  delete(pattern: string, listener: Listener): void {
    this.#index.delete(pattern, listener);
    this.#forget();
  }

  /** @throws {CircuitError} `MESSAGE_INVALID` for what is no subject. */
  find(subject: string): Route {
    // Most events have the subject of the one before.
    if (this.#lastRoute && subject === this.#lastSubject) return this.#lastRoute;
    let route = this.#routes.get(subject);
    if (route === undefined) {
      route = this.#make(subject);
      if (this.#routes.size >= MOST_ROUTES) this.#routes.clear();
      this.#routes.set(subject, route);
    }
    this.#lastSubject = subject;
    this.#lastRoute = route;
    return route;
  }

  #make(subject: string): Route {
    const problem = findSubjectProblem(subject);
    if (problem !== undefined) throw unexpected(`an event whose subject is none: ${problem}`);
    const here: LocalSubscription[] = [];
    const links: EventLink[] = [];
    const members: (LocalSubscription | QueueMember)[] = [];
    for (const listener of this.#index.find(subject)) {
      if (listener instanceof EventLink) links.push(listener);
      else if (listener.queue !== undefined) members.push(listener);
      else if (listener instanceof LocalSubscription) here.push(listener);
    }
    return { here, links, linksOf: new Map(), groups: this.#groups.of(members) };
  }

  #forget(): void {
    if (this.#routes.size > 0) this.#routes.clear();
    this.#lastRoute = undefined;
  }
}
