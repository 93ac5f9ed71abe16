"""Rules of companies: their life, the wizard's pages, officers, bank, documents, the team; pure."""
