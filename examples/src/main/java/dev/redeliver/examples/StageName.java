package dev.redeliver.examples;

import dev.redeliver.smtp.SmtpStage;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Stages by the names that people and logs give them. */
final class StageName implements ITypeConverter<SmtpStage> {
  @Override
  public SmtpStage convert(String value) {
    return parse(value)
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "must be one of " + names() + ", but is '" + value + "'"));
  }

  /** {@return the stage; empty if the name is none} */
  static Optional<SmtpStage> parse(String name) {
    String wanted = name.strip().toLowerCase(Locale.ROOT).replace('-', '_');
    return switch (wanted) {
      // Nothing is answered to the TCP connection but the greeting.
      case "connect", "banner" -> Optional.of(SmtpStage.GREETING);
      case "helo" -> Optional.of(SmtpStage.EHLO);
      case "eod", "dot" -> Optional.of(SmtpStage.END_OF_DATA);
      default ->
          Arrays.stream(SmtpStage.values())
              .filter(stage -> stage.name().toLowerCase(Locale.ROOT).equals(wanted))
              .findFirst();
    };
  }

  static String names() {
    return Arrays.stream(SmtpStage.values()).map(StageName::of).collect(Collectors.joining(", "));
  }

  static String of(SmtpStage stage) {
    return stage.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
