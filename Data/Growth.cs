using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data;

/// <summary>What a source is to know of a run, the parent, when it is opened with data that grew since that run.</summary>
/// <param name="Read">What the parent read.</param>
/// <param name="Data">What the parent trained on and held out.</param>
/// <param name="Refits">Whether columns are scaled by what is trained on now, and not as the parent scaled them.</param>
/// <param name="Followed">How far the parent trained on each series, by its lanes, where it followed its file; null otherwise.</param>
internal sealed record Growth(
    SourceDescription Read, DataSpec Data, bool Refits, IReadOnlyList<FollowedSeries>? Followed = null);

/// <summary>How far the parent trained on a series.</summary>
/// <param name="Name">The series.</param>
/// <param name="Steps">Time steps from its first row on.</param>
internal readonly record struct TrainedSeries(string Name, int Steps);

/// <summary>An opened source of data that grew.</summary>
/// <param name="Data">The source: all of the data, the parent's included.</param>
/// <param name="Trained">The series that the parent trained on, in their order; empty where all data are one stream.</param>
internal sealed record GrownSource(IDataSource Data, IReadOnlyList<TrainedSeries> Trained);
