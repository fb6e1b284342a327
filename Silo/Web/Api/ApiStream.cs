using System.Text.Json;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>Rows of a stream.</summary>
/// <param name="First">The number of the first row, from 1; the others follow.</param>
/// <param name="Rows">The rows: each an object of cells by columns, or a list of the cells, numbers first, then texts.</param>
internal sealed record StreamRequest(long First, IReadOnlyList<JsonElement> Rows);

/// <summary>The answer to rows: the same bytes whenever they are sent.</summary>
/// <param name="First">The number of the first row.</param>
/// <param name="Forecasts">The forecasts from each row, in the order of the model's targets; null where not finite.</param>
internal sealed record ApiForecasts(long First, IReadOnlyList<double[]> Forecasts);

/// <summary>The streams of a model.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Version">The SHA-256 of its parameters, the first 32 hexadecimal digits.</param>
/// <param name="Numbers">The columns of numbers of a row, in order.</param>
/// <param name="Texts">Those of texts, in order.</param>
/// <param name="Targets">What is forecast, in order, in the units of the columns.</param>
/// <param name="Horizon">Rows from a row to the one that is forecast from it.</param>
/// <param name="Count">How many streams there are.</param>
/// <param name="Found">How many of them the query finds.</param>
/// <param name="Streams">Some of those, by ID.</param>
internal sealed record ApiStreams(
    RunId Model, string Version, IReadOnlyList<string> Numbers, IReadOnlyList<string> Texts, IReadOnlyList<string> Targets, int Horizon,
    int Count, int Found, IReadOnlyList<StreamEntry> Streams);

/// <summary>A stream.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Stream">Its ID.</param>
/// <param name="Last">The number of the last row.</param>
/// <param name="Next">The number of the next one.</param>
/// <param name="TakenAt">When the last row was taken.</param>
/// <param name="FirstKept">The number of the first row that may be sent again.</param>
/// <param name="Version">The version of the model that computed the hidden state.</param>
/// <param name="Silo">The silo that holds the stream.</param>
/// <param name="Hidden">The hidden state behind the last row, <c>[h, c][layer][unit]</c>.</param>
internal sealed record ApiStream(
    RunId Model, string Stream, long Last, long Next, DateTimeOffset TakenAt, long FirstKept, string Version, string Silo,
    IReadOnlyList<double> Hidden);
