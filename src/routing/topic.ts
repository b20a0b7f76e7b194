// Exchanges of type topic: keys are words with dots between them; in a binding key `*` stands for
// one word and `#` for any number of words. Binding keys are a trie of words. A key is matched as
// by an automaton: word by word, with the set of nodes reached so far, each once; so a key costs at
// most its words times the nodes of the trie, whatever the pattern; and since many patterns of many
// `#` can make that much, a message that has used up its budget is looked at no further.
//
//   a.#.c      root ─a─▶ ○ ─#─▶ ◎ ─c─▶ ●      ◎ stays reached by any word, and is reached by none
import type { MessageView } from '../model/message/message.ts'
import type { Budget, Edge, End, Matcher } from './matcher.ts'

class Node<T extends End> {
  /** Null: none, as in most of the nodes of a large trie. */
  children: Map<string, Node<T>> | null = null
  edges: Set<Edge<T>> | null = null
  readonly parent: Node<T> | null
  readonly word: string
  /** The step at which it was last reached. */
  step = 0

  constructor(parent: Node<T> | null, word: string) {
    this.parent = parent
    this.word = word
  }
}

/** No words at all in an empty key. */
const wordsOf = (key: string): readonly string[] => (key === '' ? [] : key.split('.'))

export class TopicMatcher<T extends End> implements Matcher<T> {
  readonly isByKey = true
  readonly #root = new Node<T>(null, '')
  #step = 0

  add(edge: Edge<T>): void {
    let node = this.#root
    for (const word of wordsOf(edge.binding.routingKey)) {
      node.children ??= new Map()
      let child = node.children.get(word)
      if (child === undefined) {
        child = new Node(node, word)
        node.children.set(word, child)
      }
      node = child
    }
    node.edges ??= new Set()
    node.edges.add(edge)
  }

  remove(edge: Edge<T>): void {
    let node: Node<T> | undefined = this.#root
    for (const word of wordsOf(edge.binding.routingKey)) {
      node = node.children?.get(word)
      if (node === undefined) return
    }
    node.edges?.delete(edge)
    // Branches that lead nowhere go.
    while (node.parent !== null && isBare(node)) {
      node.parent.children?.delete(node.word)
      node = node.parent
    }
  }

  match(routingKey: string, _message: MessageView, found: (to: T) => void, budget: Budget): void {
    let reached: Node<T>[] = []
    this.#step++
    this.#reach(this.#root, reached)
    for (const word of wordsOf(routingKey)) {
      budget.left -= reached.length
      if (reached.length === 0 || budget.left < 0) return
      const next: Node<T>[] = []
      this.#step++
      for (const node of reached) {
        // `#` takes one more word.
        if (node.word === '#' && node.parent !== null) this.#reach(node, next)
        const { children } = node
        if (children === null) continue
        // A key's own `*` and `#` are words like others.
        if (word !== '*' && word !== '#') this.#reach(children.get(word), next)
        this.#reach(children.get('*'), next)
      }
      reached = next
    }
    for (const { edges } of reached) if (edges !== null) for (const { to } of edges) found(to)
  }

  #reach(node: Node<T> | undefined, into: Node<T>[]): void {
    // `#` takes no word: it is reached with what stands before it.
    for (let n = node; n !== undefined && n.step !== this.#step; n = n.children?.get('#')) {
      n.step = this.#step
      into.push(n)
    }
  }
}

const isBare = <T extends End>({ children, edges }: Node<T>): boolean =>
  (edges === null || edges.size === 0) && (children === null || children.size === 0)
