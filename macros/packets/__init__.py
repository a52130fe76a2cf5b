"""Captured packets: pcap files become typed packets, conversations and what they tell."""
