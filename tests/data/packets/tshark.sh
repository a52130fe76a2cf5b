#!/bin/bash
# What tshark reads in every capture here, a line of tab-separated fields a packet, in NAME.fields. Needs tshark.
# The tests compare our reading with it; they do not run it.
cd "$(dirname "$0")" || exit 1
fields=(frame.time_epoch frame.len frame.cap_len frame.protocols
    eth.dst eth.src eth.type ip.hdr_len ip.len ip.id ip.ttl ip.proto ip.checksum ip.checksum.status ip.src ip.dst
    udp.srcport udp.dstport udp.length udp.checksum udp.checksum.status
    tcp.srcport tcp.dstport tcp.seq_raw tcp.ack_raw tcp.hdr_len tcp.flags tcp.window_size_value
    tcp.checksum tcp.checksum.status tcp.urgent_pointer tcp.options.mss_val tcp.options.wscale.shift
    tcp.options.timestamp.tsval tcp.options.timestamp.tsecr
    icmp.type icmp.code icmp.checksum icmp.checksum.status icmp.ident icmp.seq
    arp.opcode arp.src.hw_mac arp.src.proto_ipv4 arp.dst.hw_mac arp.dst.proto_ipv4 vxlan.vni)
for file in *.pcap; do
    tshark -n -r "$file" -d udp.port==8472,vxlan -o ip.defragment:FALSE -o tcp.desegment_tcp_streams:FALSE \
        -o tcp.relative_sequence_numbers:FALSE -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -o tcp.check_checksum:TRUE -T fields -E header=y -E separator=/t -E occurrence=a -E aggregator=, \
        "${fields[@]/#/-e}" 2>/dev/null >"${file%.pcap}.fields"
done

# BGP has several messages in a packet: each field's values in order, of one capture.
bgp=(frame.number bgp.type bgp.length bgp.open.myas bgp.open.holdtime bgp.open.identifier bgp.cap.type
    bgp.notify.major_error bgp.notify.minor_error_cease bgp.update.path_attribute.next_hop
    bgp.update.path_attribute.local_pref bgp.nlri_path_id bgp.nlri_prefix)
tshark -n -r calico-bgp.pcap -Y bgp -T fields -E header=y -E separator=/t -E occurrence=a -E aggregator=, \
    "${bgp[@]/#/-e}" 2>/dev/null >calico-bgp.messages
