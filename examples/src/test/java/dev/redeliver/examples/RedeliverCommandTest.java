package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedeliverCommandTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          bogus | Unmatched argument at index 0: 'bogus'
          --bogus | Unknown option: '--bogus'
          explain --bogus | Unknown option: '--bogus'
          explain --format xml | Invalid value for option '--format': expected one of [text, json, tsv] (case-sensitive) but was 'xml'
          explain --profile fast 450 | Invalid value for option '--profile': must be one of interactive, background, rfc5321, but is 'fast'
          explain --stage moon 450 | Invalid value for option '--stage': must be one of connect, greeting, ehlo, starttls, auth, mail, rcpt, data, content, end-of-data, quit, but is 'moon'
          explain --stage rcpt | --stage needs a reply as argument; on standard input the stage stands before a TAB
          schedule --lane immediate | Invalid value for option '--lane': must be one of transient, greylist, rate-limit, slow, reputation, connection, but is 'immediate'
          demo --speed 0 | --speed must be from 1 to 20000, but is 0.0
          demo --speed NaN | --speed must be from 1 to 20000, but is NaN
          demo --port 65536 | --port must be from 0 to 65535, but is 65536
          """)
  void execute_wrongCall_saysWhatIsWrongAndExits64(String args, String message) {
    Cli cli = Cli.run(args.split(" "));

    assertThat(cli.firstErrorLine()).isEqualTo(message);
    assertThat(cli.err()).contains("Usage: redeliver");
    assertThat(cli.out()).isEmpty();
    assertThat(cli.exitCode()).isEqualTo(64);
  }

  @Test
  void execute_profileAndConfig_areExclusive() {
    Cli cli = Cli.run("schedule", "--profile", "rfc5321", "--config", "x.properties");

    assertThat(cli.firstErrorLine())
        .isEqualTo(
            "Error: --profile=PROFILE, --config=FILE are mutually exclusive (specify only one)");
    assertThat(cli.exitCode()).isEqualTo(64);
  }

  @Test
  void execute_version_namesIt() {
    Cli cli = Cli.run("--version");

    assertThat(cli.out()).isEqualTo("redeliver (not packaged)" + System.lineSeparator());
    assertThat(cli.exitCode()).isZero();
  }

  @Test
  void execute_help_listsTheSubCommands() {
    Cli cli = Cli.run("--help");

    assertThat(cli.out()).contains("  demo ", "  explain ", "  schedule ", "  send ");
    assertThat(cli.exitCode()).isZero();
  }
}
