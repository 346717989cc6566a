public final class Hello {
    private Hello() {}

    public static void main(String[] arguments) {
        System.out.println("hello from Java, compiled with Maven");
    }
}
