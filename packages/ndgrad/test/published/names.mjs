// Prints what modules export: kinds, and the names that functions and classes go by themselves.
const modules = process.argv.slice(2).map(async (id) => [id, namesOf(await import(id))]);
console.log(JSON.stringify(Object.fromEntries(await Promise.all(modules))));

function namesOf(module) {
  return Object.fromEntries(
    Object.entries(module).map(([key, value]) => [
      key,
      typeof value === 'function' ? `function ${value.name}` : typeof value,
    ]),
  );
}
