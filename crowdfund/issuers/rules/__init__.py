"""Rules of companies: their life, the wizard's pages, officers, bank, papers, the team; pure."""
