package dev.redeliver.jakartamail;

/** Whether Eclipse Angus is there. Classes that name its types are loaded only if it is. */
final class Angus {
  private static final boolean PRESENT = find();

  private Angus() {}

  static boolean isPresent() {
    return PRESENT;
  }

  private static boolean find() {
    try {
      Class.forName("org.eclipse.angus.mail.smtp.SMTPMessage", false, Angus.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }
}
