namespace Orleans.Tbptt.Tests.Golden;

/// <summary>Every case on both engines with one, two and three trainers, as far as it has lanes for them.</summary>
internal static class GoldenCases
{
    public static TheoryData<string, int, string> OnBothEngines()
    {
        var cases = new TheoryData<string, int, string>();
        foreach (string name in GoldenCase.Names)
        {
            for (int trainers = 1; trainers <= Math.Min(3, GoldenCase.Load(name).Lanes); trainers++)
            {
                cases.Add(name, trainers, "fused");
                cases.Add(name, trainers, "torch");
            }
        }

        return cases;
    }
}
