namespace Orleans.Tbptt.Client.Export;

/// <summary>A table that is being written; complete when it is disposed.</summary>
internal interface IEventTable<in T> : IDisposable
{
    /// <summary>Adds a row.</summary>
    void Add(T row);
}
