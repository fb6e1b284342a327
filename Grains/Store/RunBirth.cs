namespace Orleans.Tbptt.Grains.Store;

/// <summary>What came of the wish that there be a run of some id and spec.</summary>
internal enum RunBirth
{
    /// <summary>There is one now.</summary>
    Born,

    /// <summary>There was one of this very spec.</summary>
    AlreadyThere,

    /// <summary>The id is another spec's.</summary>
    TakenByAnother,
}
