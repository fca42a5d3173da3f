// Which qualified names an expression reads, and which functions it calls, found in its parse tree.

const children = (node) => {
  const list = [];
  for (let child = node.firstChild; child; child = child.nextSibling) list.push(child);
  return list;
};

/**
 * Names are written as the expression reads them: `motta_varsel.alvorlig`. A variable that the
 * expression binds itself stands for what it runs through (`for t in tiltak return t.dato` reads
 * `tiltak` and `tiltak.dato`). Inside a filter, `item.x` and a bare `x` belong to the list
 * that is filtered; a dotted name is read from outside. Functions that are called are no names:
 * they are listed apart, without those that the expression binds itself.
 */
export function namesOf(tree, text) {
  const found = new Set();
  const called = new Set();
  const textOf = (node) => text.slice(node.from, node.to).replace(/\s+/g, ' ').trim();

  // The dotted name of a node, or null when it is no name; visits what lies inside it.
  function pathOf(node, scope) {
    switch (node.name) {
      case 'VariableName': {
        const name = textOf(node);
        if (scope.bound.has(name)) return scope.bound.get(name);
        if (scope.filtered === undefined || scope.dotted) return name;
        return scope.filtered && `${scope.filtered}.${name}`;
      }
      case 'PathExpression': {
        const base = pathOf(node.firstChild, { ...scope, dotted: true });
        return base && `${base}.${textOf(node.lastChild)}`;
      }
      case 'FilterExpression': {
        const [list, , ...body] = children(node);
        const base = pathOf(list, scope);
        if (base) found.add(base);
        const bound = new Map(scope.bound).set('item', base);
        const inner = { bound, filtered: base, dotted: false };
        for (const part of body) visit(part, inner);
        return base;
      }
      case 'ParenthesizedExpression':
        return pathOf(children(node)[1], scope);
      default:
        visitInside(node, { ...scope, dotted: false });
        return null;
    }
  }

  function visit(node, scope) {
    const path = pathOf(node, { ...scope, dotted: false });
    if (path && path !== '?') found.add(path);
  }

  function visitInside(node, scope) {
    switch (node.name) {
      case 'ForExpression':
      case 'QuantifiedExpression':
        return visitLoop(node, scope);
      case 'Context':
        return visitContext(node, scope);
      case 'FunctionDefinition':
        return visitFunction(node, scope);
      case 'FunctionInvocation': {
        const [callee, ...rest] = children(node);
        if (callee.name !== 'VariableName' || !scope.bound.has(textOf(callee))) {
          called.add(textOf(callee));
        }
        return (callee.name === 'VariableName' ? rest : [callee, ...rest]).forEach((part) =>
          visit(part, scope),
        );
      }
      case 'Type':
        return undefined;
      default:
        return children(node).forEach((child) => visit(child, scope));
    }
  }

  function visitLoop(node, scope) {
    const inner = { ...scope, bound: new Map(scope.bound) };
    for (const part of children(node)) {
      if (part.name !== 'InExpressions') {
        visit(part, inner);
        continue;
      }
      for (const [name, , iteration] of children(part).map(children)) {
        const [source, ...rest] = children(iteration);
        const path = pathOf(source, { ...inner, dotted: false });
        if (path) found.add(path);
        for (const other of rest) visit(other, inner);
        inner.bound.set(textOf(name), path);
      }
    }
  }

  function visitContext(node, scope) {
    const inner = { ...scope, bound: new Map(scope.bound) };
    for (const entry of children(node).filter((child) => child.name === 'ContextEntry')) {
      const [key, value] = children(entry);
      visit(value, inner);
      inner.bound.set(textOf(key), null);
    }
  }

  function visitFunction(node, scope) {
    const inner = { ...scope, bound: new Map(scope.bound) };
    for (const part of children(node)) {
      if (part.name === 'FormalParameters') {
        for (const parameter of children(part)) inner.bound.set(textOf(parameter.firstChild), null);
      } else visit(part, inner);
    }
  }

  visit(tree.topNode, { bound: new Map(), filtered: undefined, dotted: false });
  return { names: [...found].sort(), functions: [...called] };
}
