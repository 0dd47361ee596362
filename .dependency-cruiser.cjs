/**
 * Who may import whom. `npm run check` holds the product's folders against these rules; `test/house` proves that each
 * rule finds what it forbids. Imports of types count, unless a rule says otherwise.
 */
const { exports: entries, bin, scripts } = require('./package.json');

const PRODUCT = '^(contract|workers|server|client|cli|testing|page)/';
const ISOMORPHIC = { path: '^(contract|client)/', pathNot: '^client/node/' };
const AT_RUN_TIME = { dependencyTypesNot: ['type-only', 'type-import'] };

/** Built files that something outside names (the package's entries, its command, npm scripts), as their sources. */
const built = JSON.stringify([entries, bin, scripts]).match(/dist\/[\w/-]+(?=\.js)/g) ?? [];
const ENTRIES = [...new Set(built)].map((file) => `^${file.replace(/^dist\//, '')}\\.ts$`);
/** vite takes the page from where `page/index.html` names it, and itself from its settings. */
ENTRIES.push('^page/main\\.tsx$', '^page/vite\\.config\\.ts$');
/** Worker threads start from a file's URL, which no import shows. */
const THREADS = '[/-]worker\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'contract-stands-alone',
      comment:
        'The contract is what both sides agree on. Were it to know one of them, the other would get that code too.',
      severity: 'error',
      from: { path: '^contract/' },
      to: { path: '^(workers|server|client|cli|testing)/' },
    },
    {
      name: 'workers-know-the-contract-only',
      comment:
        'A worker thread loads what it needs for its tasks: a thread that pulls in the server starts slowly.',
      severity: 'error',
      from: { path: '^workers/' },
      to: { path: '^(server|client|cli|testing)/' },
    },
    {
      name: 'server-without-client',
      comment: 'A server is installed and run without any client code.',
      severity: 'error',
      from: { path: '^server/' },
      to: { path: '^(client|cli)/' },
    },
    {
      name: 'client-takes-only-types-of-server',
      comment:
        "The client infers everything from the router's type. A value would bring the server into a web page: use `import type`.",
      severity: 'error',
      from: { path: '^client/' },
      to: { path: '^server/', ...AT_RUN_TIME },
    },
    {
      name: 'client-without-workers',
      comment: "workers/ are the server's threads; the client has its own way to hash, on the same contract.",
      severity: 'error',
      from: { path: '^client/' },
      to: { path: '^workers/' },
    },
    {
      name: 'nothing-imports-cli',
      comment:
        'The commands are built from the libraries. What a library needs too belongs into the library.',
      severity: 'error',
      from: { pathNot: '^cli/' },
      to: { path: '^cli/' },
    },
    {
      name: 'nothing-imports-testing',
      comment:
        'chunkwise/testing is for the tests of apps. What a running app needs too belongs into server/ or client/.',
      severity: 'error',
      from: { pathNot: '^testing/' },
      to: { path: '^testing/' },
    },
    {
      name: 'page-from-contract-and-client',
      comment: 'The page runs in a browser, beside a server that it knows by its protocol alone.',
      severity: 'error',
      from: { path: '^page/' },
      to: { path: '^(workers|server|cli|testing|client/node|client/react)/' },
    },
    {
      name: 'nothing-imports-page',
      comment:
        'The page is built by vite and is given out as files. What others need too belongs into client/.',
      severity: 'error',
      from: { pathNot: '^page/' },
      to: { path: '^page/' },
    },
    {
      name: 'page-without-node',
      comment: 'It runs in a browser; only its build runs in Node.',
      severity: 'error',
      from: { path: '^page/', pathNot: '^page/vite\\.config\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'isomorphic-without-node',
      comment:
        'contract/ and client/ run in browsers. What needs Node belongs into client/node; time and randomness come from contract/clock.ts.',
      severity: 'error',
      from: ISOMORPHIC,
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'isomorphic-without-client-node',
      comment:
        'client/node builds on the core, never the other way round: the core would need Node through it.',
      severity: 'error',
      from: ISOMORPHIC,
      to: { path: '^client/node/' },
    },
    {
      name: 'no-zod-in-clients',
      comment:
        'zod is heavy for a web page. Clients take the types through contract/views.ts; only servers import contract/schemas.ts.',
      severity: 'error',
      from: { path: '^(contract|client|page)/', pathNot: '^contract/schemas\\.ts$' },
      to: { path: ['^contract/schemas\\.ts$', 'node_modules/zod/'], ...AT_RUN_TIME },
    },
    {
      name: 'no-trpc-server-in-clients',
      comment:
        "tRPC's server would follow into the page. Its observables are the exception: links are made of them, and @trpc/client has them anyway.",
      severity: 'error',
      from: { path: '^(contract|client|page)/' },
      to: { path: 'node_modules/@trpc/server/', pathNot: '/observable', ...AT_RUN_TIME },
    },
    {
      name: 'no-cycles',
      comment:
        'Modules in a cycle can only be understood, tested and loaded together. Cycles of types count too: they show that a type lives in the wrong file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-dead-modules',
      comment:
        'A module that no entry of the package, command, npm script or worker thread reaches is not used.',
      severity: 'error',
      from: { path: [...ENTRIES, THREADS] },
      to: { path: PRODUCT, pathNot: [...ENTRIES, THREADS], reachable: false },
    },
    {
      name: 'product-without-development-files',
      comment: 'Tests, benchmarks, examples and scripts are not in the package.',
      severity: 'error',
      from: { path: PRODUCT },
      to: { path: '^(test|bench|examples|scripts|dist)/|^[^/]+\\.config\\.ts$' },
    },
    {
      name: 'no-development-packages',
      comment:
        "The package's users do not get devDependencies: not their code, nor the types that our declarations would name. The page is packed as vite has built it, with all that it needs.",
      severity: 'error',
      from: { path: PRODUCT, pathNot: '^page/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'It is here only because another package brought it, and may go with that package.',
      severity: 'error',
      from: {},
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
        // An optional peer stands in `peerDependenciesMeta` too, which is taken for a list of unknown kind.
        dependencyTypesNot: ['npm-peer'],
      },
    },
    {
      name: 'no-unresolvable-imports',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Without it imports of types would be invisible: the compiler removes them.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
