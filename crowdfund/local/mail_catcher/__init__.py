"""A mail catcher: accepts SMTP and SMS, shows them as pages and JSON, sends nothing on."""
