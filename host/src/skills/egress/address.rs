//! Which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who may dial an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every skill that is granted the host.
    Public,
    /// Only for a host that the owner listed in `skills.private_hosts`.
    Private,
    /// Nobody: metadata of clouds, what no server has, and other spellings of an IPv4 address.
    Never,
}

/// Networks by first address and prefix length, the narrower before the wider one that holds it.
const V4: [(Ipv4Addr, u32, Reach); 20] = [
    (Ipv4Addr::UNSPECIFIED, 8, Reach::Never),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Reach::Private),
    // Metadata of Alibaba Cloud, inside the range of carriers.
    (Ipv4Addr::new(100, 100, 100, 200), 32, Reach::Never),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Reach::Private),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Reach::Private),
    // Azure's host, which looks public.
    (Ipv4Addr::new(168, 63, 129, 16), 32, Reach::Never),
    // Link-local: metadata of nearly every cloud.
    (Ipv4Addr::new(169, 254, 0, 0), 16, Reach::Never),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Reach::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Reach::Never),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Reach::Never),
    (Ipv4Addr::new(192, 31, 196, 0), 24, Reach::Never),
    (Ipv4Addr::new(192, 52, 193, 0), 24, Reach::Never),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Reach::Never),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Reach::Private),
    (Ipv4Addr::new(192, 175, 48, 0), 24, Reach::Never),
    // Benchmarks; also what some local proxies answer every lookup with.
    (Ipv4Addr::new(198, 18, 0, 0), 15, Reach::Private),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Reach::Never),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Reach::Never),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Reach::Never),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Reach::Never),
];

/// The same for IPv6. What is in none of them is `Never`: `::`, mapped and compatible addresses,
/// link-local, multicast, the discard range, local NAT64.
const V6: [(Ipv6Addr, u32, Reach); 10] = [
    (Ipv6Addr::LOCALHOST, 128, Reach::Private),
    // Metadata of AWS and of Google, inside the range of private networks.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32, Reach::Never),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0), 32, Reach::Never),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Reach::Private),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, Reach::Private),
    // Protocol assignments, Teredo and ORCHID among them.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Reach::Never),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Reach::Never),
    // 6to4.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, Reach::Never),
    // Documentation.
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Reach::Never),
    // What is given out as global unicast.
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Reach::Public),
];

/// The well-known NAT64 prefix: behind it an IPv4 address.
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// Who may dial this address.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => {
            let within = |(net, bits, _): &&(Ipv4Addr, u32, Reach)| {
                (address.to_bits() ^ net.to_bits()).checked_shr(32 - bits).is_none_or(|rest| rest == 0)
            };
            V4.iter().find(within).map_or(Reach::Public, |(.., reach)| *reach)
        }
        IpAddr::V6(address) if address.segments()[..6] == NAT64 => {
            let [.., a, b, c, d] = address.octets();
            match reach(Ipv4Addr::new(a, b, c, d).into()) {
                Reach::Public => Reach::Public,
                Reach::Private | Reach::Never => Reach::Never,
            }
        }
        IpAddr::V6(address) => {
            let within = |(net, bits, _): &&(Ipv6Addr, u32, Reach)| {
                (address.to_bits() ^ net.to_bits()).checked_shr(128 - bits).is_none_or(|rest| rest == 0)
            };
            V6.iter().find(within).map_or(Reach::Never, |(.., reach)| *reach)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reach, reach};

    #[test]
    fn every_range_at_its_edges() {
        let table = [
            (
                Reach::Public,
                "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 \
                 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 \
                 198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255 2606:4700::1111 2a00:1450::1 2001:4860:4860::8888 \
                 2001:200::1 2003::1 3ffe::1 64:ff9b::808:808",
            ),
            (
                Reach::Private,
                "10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.100 100.127.255.255 127.0.0.1 127.255.255.255 172.16.0.1 \
                 172.31.255.255 192.168.0.1 192.168.255.255 198.18.0.0 198.19.255.255 ::1 fc00::1 fd12:3456::1 fdff::1 fec0::1 \
                 feff::1",
            ),
            (
                Reach::Never,
                "0.0.0.0 0.1.2.3 100.100.100.200 168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 192.0.0.0 192.0.0.192 \
                 192.0.2.1 192.88.99.1 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 \
                 :: ::2 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::127.0.0.1 \
                 64:ff9b::169.254.169.254 64:ff9b::10.0.0.1 64:ff9b:1::8.8.8.8 64:ff9b:0:0:0:1:808:808 100::1 2001::1 \
                 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1 2001:1ff::1 2001:db8::1 2002:7f00:1::1 \
                 2002:808:808::1 3fff::1 4000::1 fd00:ec2::254 fd20:ce::254 fe80::1 febf::1 ff02::1 ff0e::1 5f00::1 8000::1",
            ),
        ];
        for (expected, addresses) in table {
            for address in addresses.split_whitespace() {
                assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
            }
        }
    }
}
