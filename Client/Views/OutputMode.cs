namespace Orleans.Tbptt.Client.Views;

/// <summary>How a run is shown.</summary>
internal enum OutputMode
{
    /// <summary><see cref="Live"/> at a terminal, otherwise <see cref="Plain"/>.</summary>
    Auto,

    /// <summary>One screen that follows the run.</summary>
    Live,

    /// <summary>A few lines.</summary>
    Plain,

    /// <summary>The events as JSON, one a line.</summary>
    Json,
}
