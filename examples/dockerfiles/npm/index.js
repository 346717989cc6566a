const pluralize = require('pluralize')
console.log(`${pluralize('host', 3, true)}, uid ${process.getuid()}`)
