namespace Orleans.Tbptt.Client.Tables;

/// <summary>A table that is being written; complete when it is disposed.</summary>
internal interface IOutputTable<in T> : IDisposable
{
    /// <summary>Adds a row.</summary>
    void Add(T row);
}
