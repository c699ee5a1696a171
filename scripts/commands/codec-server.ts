import { once } from 'node:events';
import type { Command } from 'commander';
import { ClientError } from '../../client/index.ts';
import { examples, settingsOf, type Cli, type CommonFlags } from '../cli.ts';
import { codecEndpoint } from '../codec-endpoint.ts';
import { portOf } from '../dev/ports.ts';
import { onStopSignals } from '../until-signal.ts';

export function addCodecServer(program: Command, cli: Cli): void {
  const command = program
    .command('codec-server')
    .summary('decrypt for the Web UI')
    .description(
      'Decrypts what the Web UI shows to your browser, with the keys of RELAUNCH_CODEC_KEY_FILE, on this machine alone. Name it to the UI as its codec server.',
    )
    .option('--port <n>', 'where it listens, on loopback', '8234')
    .option('--ui <url>', 'the only Web UI whose pages may ask (default: RELAUNCH_UI, else that of `relaunch dev`)')
    .addHelpText('after', examples('relaunch codec-server --ui https://temporal.example'))
    .action(async () => {
      const flags: CommonFlags & { port: string; ui?: string } = command.optsWithGlobals();
      const { temporal, uiUrl } = settingsOf(cli, flags);
      const ui = flags.ui ?? uiUrl;
      if (ui === undefined || !URL.canParse(ui))
        throw new ClientError('bad-input', `--ui is ${JSON.stringify(ui ?? '')}: the URL of the Web UI that may ask`);
      if (temporal.codec?.encrypts !== true)
        throw new ClientError(
          'bad-input',
          'there is nothing to decrypt with: set RELAUNCH_CODEC_KEY_FILE (docs/access.md)',
        );
      const server = codecEndpoint(temporal.codec, new URL(ui).origin).listen(
        portOf('--port', flags.port),
        '127.0.0.1',
      );
      await once(server, 'listening');
      cli.out.line(`decrypts for ${ui} at http://127.0.0.1:${flags.port}. Ctrl-C stops it.`);
      const unlisten = onStopSignals(() => server.close().closeAllConnections());
      await once(server, 'close');
      unlisten();
    });
}
