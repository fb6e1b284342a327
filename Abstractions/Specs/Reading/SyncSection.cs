namespace Orleans.Tbptt.Specs.Reading;

/// <summary>Reads <c>train.sync</c>.</summary>
internal static class SyncSection
{
    // The steps of a round are told, and held in messages, all at once.
    private const int MostChunks = 100_000;

    public static SyncSpec Read(SectionReader sync, Findings findings)
    {
        SyncMode mode = sync.Choice("mode", Spelling.SyncModes, SyncMode.Every);
        string? word = findings.Sound("train.sync.mode") ? Spelling.Of(Spelling.SyncModes, mode) : null;
        bool local = mode == SyncMode.Local;
        OuterOptimizerSpec? outer = sync.OnlyWith("mode", word, "local").OptionalSection("outer", "name, lr or momentum", Outer);
        return new()
        {
            Mode = mode,
            Chunks = sync.Int("chunks", min: 1, fallback: local ? null : 1, max: MostChunks),
            Outer = outer ?? (local ? new() : null),
        };
    }

    private static OuterOptimizerSpec Outer(SectionReader outer)
    {
        var fallback = new OuterOptimizerSpec();
        return new()
        {
            Name = outer.Choice("name", Spelling.OuterOptimizers, fallback.Name),
            Lr = outer.Double("lr", NumberRange.Rate, fallback.Lr),
            Momentum = outer.Double("momentum", NumberRange.Share, fallback.Momentum),
        };
    }
}
