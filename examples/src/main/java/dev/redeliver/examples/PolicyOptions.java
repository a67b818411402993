package dev.redeliver.examples;

import dev.redeliver.policy.PolicyException;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which policy a command works with. */
final class PolicyOptions {
  @ArgGroup private @Nullable Choice choice;

  /** Either, or none. */
  static final class Choice {
    @Option(
        names = "--profile",
        paramLabel = "PROFILE",
        converter = ProfileName.class,
        description = "The policy of a profile: interactive, background or rfc5321.")
    private @Nullable Profile profile;

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "The policy of a properties file with redeliver.* keys.")
    private @Nullable Path config;
  }

  /** {@return the chosen policy, or that of the profile} */
  RetryPolicy policy(CommandLine command, Profile otherwise) {
    if (choice == null) {
      return RetryPolicy.of(otherwise);
    }
    Path config = choice.config;
    if (config != null) {
      return read(command, config);
    }
    return RetryPolicy.of(choice.profile == null ? otherwise : choice.profile);
  }

  private static RetryPolicy read(CommandLine command, Path config) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(config, StandardCharsets.UTF_8)) {
      properties.load(reader);
      return RetryPolicy.fromProperties(properties);
    } catch (PolicyException e) {
      String errors = String.join(System.lineSeparator(), e.errors());
      throw RefusedFile.because(command, "--config", config, errors, e);
    } catch (IllegalArgumentException e) {
      throw RefusedFile.because(command, "--config", config, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw RefusedFile.unreadable(command, "--config", config, e);
    }
  }

  /** Profiles by the name they have in the configuration. */
  static final class ProfileName implements ITypeConverter<Profile> {
    @Override
    public Profile convert(String value) {
      return Arrays.stream(Profile.values())
          .filter(profile -> profile.token().equalsIgnoreCase(value))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "must be one of " + names() + ", but is '" + value + "'"));
    }

    private static String names() {
      return Arrays.stream(Profile.values()).map(Profile::token).collect(Collectors.joining(", "));
    }
  }
}
