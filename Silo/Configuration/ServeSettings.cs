using Orleans.Tbptt.Grains;

namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>How models are served: the section <c>Tbptt:Serve</c>.</summary>
internal sealed class ServeSettings
{
    /// <summary>Packages that are served in addition to the runs' models, each <c>NAME=DIRECTORY</c>. Default none.</summary>
    public IReadOnlyList<string> Models { get; set; } = [];

    /// <summary>A stream without a row for so long is forgotten, as <c>days.hours:minutes:seconds</c>. Default 30 days.</summary>
    public TimeSpan Expiry { get; set; } = new ServeOptions().Expiry;

    /// <summary>Last rows of each stream that are kept with their answers, for rows that are sent again. Default 64.</summary>
    public int KeptRows { get; set; } = new ServeOptions().KeptRows;

    /// <summary>
    /// What becomes of the hidden states of a model that is replaced: carry, warmup (over the kept rows) or zero. Default carry.
    /// </summary>
    public string Takeover { get; set; } = nameof(StreamTakeover.Carry);

    /// <summary>
    /// Whether each row is flushed to the disk before it is answered; otherwise rows outlast the silo's process, and not the machine.
    /// Default true.
    /// </summary>
    public bool Flush { get; set; } = true;

    /// <summary>The same as the grains take it.</summary>
    public ServeOptions Options => new()
    {
        Models = Models, Expiry = Expiry, KeptRows = KeptRows, Flush = Flush,
        Takeover = Enum.Parse<StreamTakeover>(Takeover, ignoreCase: true),
    };

    /// <summary>Checks the settings.</summary>
    /// <exception cref="SiloStartException">A value is wrong.</exception>
    public void Validate()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (string item in Models)
        {
            if (!ServeOptions.TryRead(item, out var name, out _))
                throw Wrong(nameof(Models), item, ServeOptions.ExpectedModel);
            if (!names.Add(name.Text))
                throw Wrong(nameof(Models), item, $"each name once, and {name} is there twice");
        }

        if (Expiry <= TimeSpan.Zero)
            throw Wrong(nameof(Expiry), Expiry, "a time such as 30.00:00:00 for 30 days");
        if (KeptRows is < ServeOptions.LeastKeptRows or > ServeOptions.MostKeptRows)
            throw Wrong(nameof(KeptRows), KeptRows, $"{ServeOptions.LeastKeptRows} to {ServeOptions.MostKeptRows}");
        if (!Enum.TryParse<StreamTakeover>(Takeover, ignoreCase: true, out var takeover) || !Enum.IsDefined(takeover))
            throw Wrong(nameof(Takeover), Takeover, "carry, warmup or zero");
    }

    private static SiloStartException Wrong(string key, object found, string expected) =>
        new($"Tbptt:Serve:{key}: found '{found}', expected {expected}", SiloExitCode.WrongConfiguration);
}
