using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Runs;

/// <summary>Which parameters a run has left as its model, where they are not those after the last step.</summary>
/// <param name="Kind"><c>best</c>, the epoch with the lowest validation loss; or <c>average</c>, an average after the last step.</param>
/// <param name="Epoch">Epochs finished when they were taken.</param>
/// <param name="Step">Committed steps then.</param>
/// <param name="IsAverage">Whether they are an average of those after each update.</param>
/// <param name="Metrics">What that epoch's losses mean in the data's own units.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ModelOutput")]
public sealed record ModelOutput(
    [property: Id(0)] string Kind, [property: Id(1)] int Epoch, [property: Id(2)] long Step, [property: Id(3)] bool IsAverage,
    [property: Id(4)] IReadOnlyList<Metric> Metrics)
{
    /// <summary>In words: <c>the parameters of epoch 3, the best</c>.</summary>
    [JsonIgnore]
    public string Words => (Kind, IsAverage) switch
    {
        ("best", false) => $"the parameters of epoch {Epoch}, whose validation loss is the lowest",
        ("best", true) => $"the average of the parameters of epoch {Epoch}, whose validation loss is the lowest",
        _ => "the average of the parameters",
    };
}
