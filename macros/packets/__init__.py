"""Captured packets: pcap files -> typed packets -> nested boxes in HTML."""
