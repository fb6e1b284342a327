namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>Activations of a type of grains.</summary>
/// <param name="Type">The type: its class, without its namespace.</param>
/// <param name="Silos">How many there are on each silo, by the silo's address.</param>
internal sealed record GrainCount(string Type, IReadOnlyDictionary<string, int> Silos);
