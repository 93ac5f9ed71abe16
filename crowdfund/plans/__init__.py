"""What the distribution arm pays for sales: dated versions, a preview, and a simulator."""
