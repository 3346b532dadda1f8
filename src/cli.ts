#!/usr/bin/env node
import { main } from "./cli/main.js";

// Ended by hand: a socket that is kept alive, or a timer of an agent, must not hold the process when the command is done.
process.exit(await main(process.argv.slice(2)));
