"""Everything received, kept: framed segments while the bot runs, Parquet files afterwards."""
