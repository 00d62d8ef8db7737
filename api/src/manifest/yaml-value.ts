import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import type { ManifestPath } from './problem.ts';
import { quoteText } from './quote-text.ts';

/** A node of the document that a problem points at. */
interface NodeProblem {
  readonly path: ManifestPath;
  readonly node: unknown;
  readonly message: string;
}

/** The plain value of a YAML document and what was refused on the way. */
export interface YamlValue {
  readonly value: unknown;
  readonly problems: readonly NodeProblem[];
  /** What each alias that was followed stands for. */
  readonly targets: ReadonlyMap<Alias, Node>;
}

const MAX_DEPTH = 64;
/** Counts every node as often as an alias repeats it. */
const MAX_NODES = 100_000;

const PLAIN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

/** What kubectl, which reads YAML 1.1, would take for a boolean or for another number. */
const READ_DIFFERENTLY =
  /^(y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|[-+]?0[0-9]+|[-+]?0b[01_]+|[-+]?[0-9][0-9_]*_[0-9_.]*)$/;

const REFUSED = Symbol('refused');

/**
 * Turns a parsed document into plain objects, lists and scalars. Whatever could surprise later is
 * refused with its place: tags, duplicate and hostile keys, numbers that are none, bombs of aliases.
 */
export function yamlValue(root: unknown): YamlValue {
  const reader = new YamlReader();
  const value = reader.read(root, []);
  return { value, problems: reader.problems, targets: reader.targets };
}

class YamlReader {
  readonly problems: NodeProblem[] = [];
  readonly targets = new Map<Alias, Node>();
  readonly #anchors = new Map<string, Node>();
  /** What is being read, from the root to here. */
  readonly #open = new Set<unknown>();
  #nodes = 0;

  read(node: unknown, path: ManifestPath): unknown {
    this.#nodes += 1;
    // One message is enough for a bomb, however many branches it has.
    if (this.#nodes > MAX_NODES + 1) return REFUSED;
    if (this.#nodes > MAX_NODES) {
      const message = `has more than ${MAX_NODES} values, aliases counted as often as used`;
      return this.#refuse(path, node, message);
    }
    if (path.length > MAX_DEPTH) {
      return this.#refuse(path, node, `is nested more than ${MAX_DEPTH} deep`);
    }
    if (isAlias(node)) return this.#readAlias(node, path);
    if (node === null) return null;
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) {
      return this.#refuse(path, node, 'is not a value');
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node as Node);
    if (node.tag !== undefined && !PLAIN_TAGS.has(node.tag)) {
      return this.#refuse(path, node, `the tag ${quoteText(node.tag)} is not supported`);
    }
    if (isScalar(node)) return this.#readScalar(node, path);
    this.#open.add(node);
    const value = isSeq(node)
      ? node.items.map((item, index) => this.read(item, [...path, index]))
      : this.#readMap(node.items, path);
    this.#open.delete(node);
    return value;
  }

  #readAlias(alias: Alias, path: ManifestPath): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      return this.#refuse(path, alias, `no anchor ${quoteText(alias.source)} before this alias`);
    }
    if (this.#open.has(target)) {
      return this.#refuse(path, alias, 'the alias stands inside what it repeats');
    }
    this.targets.set(alias, target);
    return this.read(target, path);
  }

  #readScalar(node: Scalar, path: ManifestPath): unknown {
    const { value } = node;
    const source = node.source ?? '';
    if (typeof value === 'string' && value.includes('\0')) {
      return this.#refuse(path, node, 'must not contain the character NUL');
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      const isWord = /[a-z]{3}$/i.test(source);
      return this.#refuse(
        path,
        node,
        isWord
          ? `must be a finite number, found ${source}`
          : `the number ${quoteText(source)} is too large`,
      );
    }
    if (node.type === 'PLAIN' && node.tag === undefined && READ_DIFFERENTLY.test(source)) {
      return this.#refuse(
        path,
        node,
        `${quoteText(source)} means something else to kubectl; put it in quotes`,
      );
    }
    return value;
  }

  #readMap(pairs: readonly { key: unknown; value: unknown }[], path: ManifestPath): object {
    const fields: Record<string, unknown> = {};
    for (const { key, value } of pairs) {
      if (!isScalar(key)) {
        this.#refuse(path, key, 'a field name must be a plain text');
        continue;
      }
      const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
      const at = [...path, name];
      if (key.tag !== undefined && !PLAIN_TAGS.has(key.tag)) {
        this.#refuse(at, key, `the tag ${quoteText(key.tag)} is not supported`);
      } else if (name === '<<') {
        this.#refuse(at, key, 'merge keys are not supported');
      } else if (name === '__proto__') {
        this.#refuse(at, key, 'unknown field');
      } else if (Object.hasOwn(fields, name)) {
        this.#refuse(at, key, 'the field is set twice');
      } else {
        fields[name] = this.read(value, at);
      }
    }
    return fields;
  }

  #refuse(path: ManifestPath, node: unknown, message: string): typeof REFUSED {
    this.problems.push({ path, node, message });
    return REFUSED;
  }
}
