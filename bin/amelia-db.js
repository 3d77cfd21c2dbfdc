#!/usr/bin/env node
'use strict';
require('../dist/main.cjs')
  .main(process)
  .then((status) => (process.exitCode = status));
