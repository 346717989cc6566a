package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The bridges of this host that lead nowhere but to its own containers and virtual machines. A bridge that a network
 * card is in, as hosts of virtual machines have it, is the way to their neighbours and none of them.
 *
 * @param links {@code /sys/class/net}
 */
record OwnBridges(Path links) {
    static final Path SYSTEM = Path.of("/sys/class/net");

    /** Whether the address is in the network of one of them. */
    boolean have(InetAddress address) {
        try {
            return NetworkInterface.networkInterfaces()
                    .anyMatch(link -> isOwn(link.getName()) && covers(link, address));
        } catch (SocketException e) {
            return false; // without any
        }
    }

    private static boolean covers(NetworkInterface link, InetAddress address) {
        return link.getInterfaceAddresses().stream()
                .anyMatch(own -> Direct.contains(
                        own.getAddress().getAddress(), own.getNetworkPrefixLength(), address.getAddress()));
    }

    private boolean isOwn(String name) {
        var link = links.resolve(name);
        return Files.isDirectory(link.resolve("bridge")) && !hasWayOut(link.resolve("brif"));
    }

    /** A card has a device, and what stands upon one (a VLAN, a bond) has a link below it. */
    private boolean hasWayOut(Path ports) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(ports)) {
            for (var port : all) {
                var link = links.resolve(port.getFileName().toString());
                if (Files.exists(link.resolve("device"), LinkOption.NOFOLLOW_LINKS) || standsOnAnother(link)) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false; // it has just gone
        }
    }

    private static boolean standsOnAnother(Path link) throws IOException {
        try (DirectoryStream<Path> below = Files.newDirectoryStream(link, "lower_*")) {
            return below.iterator().hasNext();
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
